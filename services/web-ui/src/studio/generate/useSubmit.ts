/** Submits jobs. A lost response is no lost job: the request is repeated with the same Idempotency-Key. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { data, newIdempotencyKey, platform } from "~/api/client";
import { jobQuery, jobsQuery } from "~/api/queries";
import type { components } from "~/api/schema/platform-api";
import { withJob } from "~/live/cache";

type Request = components["schemas"]["QueueJobRequest"];

interface Submission {
  request: Request;
  key: string;
}

/** Return the submission of a request. Sent again after it failed, it has the key that it had. */
export function submission(request: Request, failed?: Submission): Submission {
  const isSame = failed !== undefined && JSON.stringify(failed.request) === JSON.stringify(request);
  return { request, key: isSame ? failed.key : newIdempotencyKey() };
}

/** A mutation that resolves to the id of the accepted job. */
export function useSubmit(onAccepted: (jobId: string) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ request, key }: Submission) => {
      const answer = await data(
        platform.POST("/api/queue-job", { body: request, params: { header: { "Idempotency-Key": key } } }),
      );
      return answer.job.id;
    },
    onSuccess: async (id) => {
      onAccepted(id);
      // The event stream usually was faster; a page without a stream reads the job here.
      await client.prefetchQuery(jobQuery(id));
      const job = client.getQueryData(jobQuery(id).queryKey);
      if (job === undefined) return;
      client.setQueryData(jobsQuery.queryKey, (jobs) =>
        jobs?.some((known) => known.id === id) ? jobs : withJob(jobs, job),
      );
    },
  });
}

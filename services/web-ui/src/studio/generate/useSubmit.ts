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

export const submission = (request: Request): Submission => ({ request, key: newIdempotencyKey() });

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
      const job = await client.fetchQuery(jobQuery(id));
      client.setQueryData(jobsQuery.queryKey, (jobs) =>
        jobs?.some((known) => known.id === id) ? jobs : withJob(jobs, job),
      );
    },
  });
}

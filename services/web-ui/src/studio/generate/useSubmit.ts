/** Submits jobs. A lost response is no lost job: the request is repeated with the same Idempotency-Key. */
import { useQueryClient } from "@tanstack/react-query";
import { data, platform } from "~/api/client";
import { jobQuery, jobsQuery } from "~/api/queries";
import type { components } from "~/api/schema/platform-api";
import { withJob } from "~/live/cache";
import { useKeyed } from "~/parts/useKeyed";

type Request = components["schemas"]["QueueJobRequest"];

/** Return what submits a request and hands on the id of the accepted job. */
export function useSubmit(onAccepted: (jobId: string) => void) {
  const client = useQueryClient();
  return useKeyed(
    async (body: Request, key) => {
      const params = { header: { "Idempotency-Key": key } };
      return (await data(platform.POST("/api/queue-job", { body, params }))).job.id;
    },
    async (id) => {
      onAccepted(id);
      // The event stream usually was faster; a page without a stream reads the job here.
      await client.prefetchQuery(jobQuery(id));
      const job = client.getQueryData(jobQuery(id).queryKey);
      if (job === undefined) return;
      client.setQueryData(jobsQuery.queryKey, (jobs) =>
        jobs?.some((known) => known.id === id) ? jobs : withJob(jobs, job),
      );
    },
  );
}

/** What can be done with a job, by its id. The event stream brings the result. */
import { useMutation } from "@tanstack/react-query";
import { data, newIdempotencyKey, platform } from "~/api/client";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { useNotices } from "~/parts/Notices";

function useToldMutation(act: (jobId: string) => Promise<unknown>) {
  const t = useText();
  const { toast } = useNotices();
  return useMutation({
    mutationFn: act,
    onError: (error) => toast({ text: asProblem(error).message || t.shared.notReached }),
  });
}

export function useCancel() {
  return useToldMutation((jobId) =>
    data(platform.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: jobId } }, body: {} })),
  );
}

export function useRetry() {
  return useToldMutation((jobId) => {
    const params = { path: { job_id: jobId }, header: { "Idempotency-Key": newIdempotencyKey() } };
    return data(platform.POST("/api/jobs/{job_id}/retry", { params }));
  });
}

/** What can be done with a step: move it while it waits, cancel it while it is active, retry it after it failed. */
import { useState } from "react";
import {
  cancelQueueJob,
  canRetry,
  isActive,
  isOfUser,
  isOwnersToRetry,
  retryQueueJob,
  type QueueJob,
} from "~/api/queueJobs";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Icon } from "~/parts/Icon";
import { useAct } from "~/parts/useAct";
import { PriorityDialog } from "./PriorityDialog";
import { shortStep } from "./shortStep";

export function JobActions({ job }: { job: QueueJob }) {
  const t = useText();
  const [asks, setAsks] = useState<"cancel" | "retry" | "priority" | null>(null);
  const act = useAct({
    run: async (what: "cancel" | "retry") => {
      await (what === "cancel" ? cancelQueueJob(job) : retryQueueJob(job));
      return what === "cancel" ? t.steps.cancelled : t.steps.retried;
    },
    changes: ["queue"],
    explain: (problem) => (isOwnersToRetry(job, problem) ? t.steps.ownerRetries : undefined),
    onSettled: () => setAsks(null),
  });
  return (
    <div className="btns">
      {job.status === "pending" && (
        <button type="button" className="btn" onClick={() => setAsks("priority")}>
          <Icon name="up" />
          {t.steps.priority}
        </button>
      )}
      {isActive(job) && (
        <button type="button" className="btn danger" disabled={job.cancel_requested} onClick={() => setAsks("cancel")}>
          <Icon name="x" />
          {job.cancel_requested ? t.steps.cancelling : t.shared.cancel}
        </button>
      )}
      {canRetry(job) && (
        <button type="button" className="btn" onClick={() => setAsks("retry")}>
          <Icon name="replay" />
          {t.steps.retry}
        </button>
      )}
      {asks === "priority" && <PriorityDialog job={job} onClose={() => setAsks(null)} />}
      {(asks === "cancel" || asks === "retry") && (
        <ConfirmDialog
          title={
            asks === "cancel" ? t.steps.cancelTitle(shortStep(job.job_id)) : t.steps.retryTitle(shortStep(job.job_id))
          }
          act={asks === "cancel" ? t.steps.cancelAct : t.steps.retry}
          isPending={act.isPending}
          onConfirm={() => act.mutate(asks)}
          onClose={() => setAsks(null)}
        >
          {asks === "cancel" ? t.steps.cancelHint : isOfUser(job) ? t.steps.retryOfUser : t.steps.retryHint}
        </ConfirmDialog>
      )}
    </div>
  );
}

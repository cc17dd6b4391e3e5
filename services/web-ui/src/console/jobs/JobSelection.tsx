/** What can be done with the selected steps: cancel those that are active, retry those that failed. */
import { useState } from "react";
import { asProblem } from "~/api/problem";
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
import { SelectionBar } from "~/parts/SelectionBar";
import { useAct } from "~/parts/useAct";
import { focusFirstRow } from "../useRowKeys";
import type { RowSelection } from "../useRowSelection";

type What = "cancel" | "retry";

interface JobSelectionProps {
  chosen: readonly QueueJob[];
  selection: RowSelection;
}

export function JobSelection({ chosen, selection }: JobSelectionProps) {
  const t = useText();
  const [asks, setAsks] = useState<What | null>(null);
  const of: Record<What, readonly QueueJob[]> = {
    cancel: chosen.filter((job) => isActive(job) && !job.cancel_requested),
    retry: chosen.filter(canRetry),
  };
  const explain = (job: QueueJob, error: unknown): string => {
    const problem = asProblem(error);
    return isOwnersToRetry(job, problem) ? t.steps.ownerRetries : problem.message || t.shared.notReached;
  };
  const act = useAct({
    run: async (what: What) => {
      const failures = await forEach(of[what], what === "cancel" ? cancelQueueJob : retryQueueJob);
      const reasons = failures.map(({ job, error }) => explain(job, error));
      setAsks(null);
      selection.keep(failures.map(({ job }) => job.job_id));
      const done = of[what].length - failures.length;
      return what === "cancel" ? t.steps.cancelledN(done, reasons) : t.steps.retriedN(done, reasons);
    },
    changes: ["queue"],
    onSettled: () => {
      setAsks(null);
      requestAnimationFrame(focusFirstRow);
    },
  });
  const retryHint = of.retry.some(isOfUser) ? t.steps.retryOfUser : t.steps.retryHint;
  return (
    <SelectionBar label={t.steps.actions} count={chosen.length} onClear={selection.clear}>
      <button
        type="button"
        className="btn ghost danger"
        disabled={of.cancel.length === 0}
        onClick={() => setAsks("cancel")}
      >
        <Icon name="x" />
        {t.steps.cancelN(of.cancel.length)}
      </button>
      <button type="button" className="btn ghost" disabled={of.retry.length === 0} onClick={() => setAsks("retry")}>
        <Icon name="replay" />
        {t.steps.retryN(of.retry.length)}
      </button>
      {asks !== null && (
        <ConfirmDialog
          title={asks === "cancel" ? t.steps.cancelNTitle(of.cancel.length) : t.steps.retryNTitle(of.retry.length)}
          act={asks === "cancel" ? t.steps.cancelN(of.cancel.length) : t.steps.retryN(of.retry.length)}
          isPending={act.isPending}
          onConfirm={() => act.mutate(asks)}
          onClose={() => setAsks(null)}
        >
          {asks === "cancel" ? t.steps.cancelHint : retryHint}
        </ConfirmDialog>
      )}
    </SelectionBar>
  );
}

interface Failure {
  job: QueueJob;
  error: unknown;
}

/** Do something for each job, a few at a time, and return those where it failed. */
async function forEach(jobs: readonly QueueJob[], run: (job: QueueJob) => Promise<unknown>): Promise<Failure[]> {
  const waiting = [...jobs];
  const failures: Failure[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const of = job;
      await run(of).catch((error: unknown) => failures.push({ job: of, error }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return failures;
}

/** What can be done with the selected steps: cancel those that are active, retry those that failed. */
import { useState } from "react";
import { asProblem } from "~/api/problem";
import { cancelQueueJob, canRetry, isActive, retryQueueJob, type QueueJob } from "~/api/queueJobs";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Icon } from "~/parts/Icon";
import { SelectionBar } from "~/parts/SelectionBar";
import { useAct } from "~/parts/useAct";

type What = "cancel" | "retry";

export function JobSelection({ chosen, onClear }: { chosen: readonly QueueJob[]; onClear: () => void }) {
  const t = useText();
  const [asks, setAsks] = useState<What | null>(null);
  const of: Record<What, readonly QueueJob[]> = {
    cancel: chosen.filter((job) => isActive(job) && !job.cancel_requested),
    retry: chosen.filter(canRetry),
  };
  const act = useAct({
    run: async (what: What) => {
      const failures = await oneByOne(of[what], what === "cancel" ? cancelQueueJob : retryQueueJob);
      const done = of[what].length - failures.length;
      onClear();
      return what === "cancel" ? t.steps.cancelledN(done, failures) : t.steps.retriedN(done, failures);
    },
    changes: ["queue"],
    onSettled: () => setAsks(null),
  });
  return (
    <SelectionBar label={t.steps.actions} count={chosen.length} onClear={onClear}>
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
          {asks === "cancel" ? t.steps.cancelHint : t.steps.retryHint}
        </ConfirmDialog>
      )}
    </SelectionBar>
  );
}

/** Do something for each job, a few at a time, and return the messages of those where it failed. */
async function oneByOne(jobs: readonly QueueJob[], run: (job: QueueJob) => Promise<unknown>): Promise<string[]> {
  const waiting = [...jobs];
  const failures: string[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      await run(job).catch((error: unknown) => failures.push(asProblem(error).message));
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return failures;
}

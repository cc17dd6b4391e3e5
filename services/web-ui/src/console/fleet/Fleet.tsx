/** The machines with their workers. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { drainWorker, workersQuery, type Worker } from "~/api/queue";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { useAct } from "~/parts/useAct";
import { ConsolePage } from "../ConsolePage";
import { Machine } from "./Machine";

export function Fleet() {
  const t = useText();
  const workers = useQuery(workersQuery);
  const [doomed, setDoomed] = useState<Worker | null>(null);
  const drain = useAct({
    run: async (id: string) => {
      await drainWorker(id);
      return t.console.draining(id);
    },
    onSettled: () => setDoomed(null),
  });
  const machines = Map.groupBy(workers.data ?? [], ({ machine_id }) => machine_id);
  const busy = (workers.data ?? []).filter(({ running }) => running > 0).length;
  return (
    <ConsolePage title={t.console.fleet} lead={t.console.fleetLead(busy, workers.data?.length ?? 0, machines.size)}>
      {workers.error !== null && workers.data === undefined && (
        <ErrorNotice error={workers.error} onRetry={() => void workers.refetch()} />
      )}
      {workers.isPending && <Skeleton rows={4} height={48} />}
      {workers.data?.length === 0 && <Empty text={t.console.noWorkers} hint={t.console.noWorkersHint} />}
      <div className="stack s3">
        {[...machines].sort().map(([id, its]) => (
          <Machine key={id} id={id} workers={its} onDrain={setDoomed} />
        ))}
      </div>
      {doomed && (
        <ConfirmDialog
          title={t.console.drainTitle(doomed.worker_id)}
          act={t.console.drain}
          isPending={drain.isPending}
          onConfirm={() => drain.mutate(doomed.worker_id)}
          onClose={() => setDoomed(null)}
        >
          {t.console.drainHint(doomed.running)}
        </ConfirmDialog>
      )}
    </ConsolePage>
  );
}

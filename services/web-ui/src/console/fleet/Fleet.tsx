/** The machines with their workers. Only the machines near the window are in the page. */
import { useQuery } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import { drainWorker, workersQuery, type Worker } from "~/api/queue";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { useAct } from "~/parts/useAct";
import { useNow } from "~/parts/useNow";
import { ConsolePage } from "../ConsolePage";
import { ChoiceFilter, TextFilter } from "../FilterField";
import { useFilters } from "../useFilters";
import { isMatch, STATES, type WorkerState } from "./filter";
import { Machine } from "./Machine";

const HEADING_PX = 53;
const ROW_PX = 49;
const GAP_PX = 12;

export function Fleet() {
  const t = useText();
  const now = useNow(1000);
  const workers = useQuery(workersQuery);
  const [filters, change] = useFilters(["q", "state"] as const);
  const [doomed, setDoomed] = useState<Worker | null>(null);
  const drain = useAct({
    run: async (id: string) => {
      await drainWorker(id);
      return t.console.draining(id);
    },
    onSettled: () => setDoomed(null),
  });
  const all = workers.data ?? [];
  const shown = all.filter((worker) => isMatch(worker, filters.q, filters.state as WorkerState | "", now));
  const machines = Map.groupBy(shown, ({ machine_id }) => machine_id);
  const busy = all.filter(({ running }) => running > 0).length;
  const total = new Set(all.map(({ machine_id }) => machine_id)).size;
  return (
    <ConsolePage title={t.console.fleet} lead={t.console.fleetLead(busy, all.length, total)}>
      {workers.error !== null && workers.data === undefined && (
        <ErrorNotice error={workers.error} onRetry={() => void workers.refetch()} />
      )}
      {workers.isPending && <Skeleton rows={4} height={48} />}
      {workers.data?.length === 0 && <Empty text={t.console.noWorkers} hint={t.console.noWorkersHint} />}
      {all.length > 0 && (
        <div className="filterbar">
          <TextFilter name={t.console.findWorkers} value={filters.q} onChange={(q) => change({ q })} />
          <ChoiceFilter name={t.console.state} value={filters.state} onChange={(state) => change({ state })}>
            <option value="">{t.console.anyState}</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {t.console.states[state]}
              </option>
            ))}
          </ChoiceFilter>
        </div>
      )}
      {all.length > 0 && shown.length === 0 && <p className="dim">{t.console.noMatch}</p>}
      {all.length > 0 && (
        <Machines of={[...machines].sort(([one], [other]) => one.localeCompare(other))} onDrain={setDoomed} />
      )}
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

function Machines({ of, onDrain }: { of: [string, Worker[]][]; onDrain: (worker: Worker) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setOffset((frame.current?.getBoundingClientRect().top ?? 0) + scrollY);
    let frameId = 0;
    const observer = new ResizeObserver(() => {
      frameId = requestAnimationFrame(measure);
    });
    observer.observe(document.body); // whatever grows above the list moves it
    measure();
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frameId);
    };
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: of.length,
    estimateSize: (index) => HEADING_PX + (of[index]?.[1].length ?? 0) * ROW_PX,
    getItemKey: (index) => of[index]?.[0] ?? index,
    gap: GAP_PX,
    overscan: 2,
    scrollMargin: offset,
    useAnimationFrameWithResizeObserver: true,
  });
  return (
    <div ref={frame} className="window" role="list" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map((item) => {
        const [id, workers] = of[item.index] ?? ["", []];
        return (
          <div
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            className="windowrow"
            role="listitem"
            aria-setsize={of.length}
            aria-posinset={item.index + 1}
            style={{ translate: `0 ${item.start - offset}px` }}
          >
            <Machine id={id} workers={workers} onDrain={onDrain} />
          </div>
        );
      })}
    </div>
  );
}

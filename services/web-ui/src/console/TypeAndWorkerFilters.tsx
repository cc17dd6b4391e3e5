/** The filters by job type and by worker, which suggest those in the queue. */
import { useQuery } from "@tanstack/react-query";
import { queuesQuery, workersQuery } from "~/api/queue";
import { useText } from "~/i18n";
import { TextFilter } from "./FilterField";

interface TypeAndWorkerFiltersProps {
  filters: { type: string; worker: string };
  change: (changes: { type?: string; worker?: string }) => void;
}

export function TypeAndWorkerFilters({ filters, change }: TypeAndWorkerFiltersProps) {
  const t = useText();
  const { data: queues } = useQuery(queuesQuery);
  const { data: workers } = useQuery(workersQuery);
  return (
    <>
      <TextFilter
        name={t.studio.type}
        value={filters.type}
        onChange={(type) => change({ type })}
        options={Object.keys(queues?.by_type ?? {}).sort()}
      />
      <TextFilter
        name={t.console.worker}
        value={filters.worker}
        onChange={(worker) => change({ worker })}
        options={(workers ?? []).map(({ worker_id }) => worker_id).sort()}
      />
    </>
  );
}

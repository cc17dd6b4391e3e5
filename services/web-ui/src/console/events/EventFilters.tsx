/** What the event list is limited to. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queuesQuery, workersQuery } from "~/api/queue";
import { useText } from "~/i18n";
import { ChoiceFilter, TextFilter } from "../FilterField";
import type { Group } from "./rows";

type Name = "kind" | "type" | "worker" | "job";
const GROUPS: Group[] = ["all", "jobs", "failures", "fleet"];

interface EventFiltersProps {
  filters: Record<Name, string>;
  change: (changes: Partial<Record<Name, string>>) => void;
  children: ReactNode;
}

export function EventFilters({ filters, change, children }: EventFiltersProps) {
  const t = useText();
  const { data: queues } = useQuery(queuesQuery);
  const { data: workers } = useQuery(workersQuery);
  return (
    <div className="filterbar">
      <ChoiceFilter name={t.events.kind} value={filters.kind || "all"} onChange={(kind) => change({ kind })}>
        {GROUPS.map((group) => (
          <option key={group} value={group === "all" ? "" : group}>
            {t.events.groups[group]}
          </option>
        ))}
      </ChoiceFilter>
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
      <TextFilter name={t.events.job} value={filters.job} onChange={(job) => change({ job })} />
      {children}
    </div>
  );
}

/** What the event list is limited to. */
import type { ReactNode } from "react";
import { useText } from "~/i18n";
import { ChoiceFilter, TextFilter } from "../FilterField";
import { TypeAndWorkerFilters } from "../TypeAndWorkerFilters";
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
  return (
    <div className="filterbar">
      <ChoiceFilter name={t.events.kind} value={filters.kind || "all"} onChange={(kind) => change({ kind })}>
        {GROUPS.map((group) => (
          <option key={group} value={group === "all" ? "" : group}>
            {t.events.groups[group]}
          </option>
        ))}
      </ChoiceFilter>
      <TypeAndWorkerFilters filters={filters} change={change} />
      <TextFilter name={t.events.job} value={filters.job} onChange={(job) => change({ job })} />
      {children}
    </div>
  );
}

/** What happens in the queue, as it happens: the newest first, frozen while it is read. */
import { useCallback, useState } from "react";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { Empty } from "~/parts/Empty";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { useKeys } from "~/parts/useKeys";
import { ConsolePage } from "../ConsolePage";
import { useFilters } from "../useFilters";
import { EventFilters } from "./EventFilters";
import { EventList } from "./EventList";
import { KEPT, type Tail } from "./EventTail";
import { admits, isNotice, type Group } from "./rows";
import { useTail } from "./useTail";

const NAMES = ["kind", "type", "worker", "job"] as const;

export function EventsPage() {
  const t = useText();
  const format = useFormat();
  const [live, tail] = useTail();
  const [filters, change] = useFilters(NAMES);
  const [held, setHeld] = useState<Tail | null>(null);
  const [scrolledAt, setScrolledAt] = useState<Tail | null>(null);
  const onAway = useCallback((away: boolean) => setScrolledAt(away ? tail.current() : null), [tail]);
  const shown = held ?? scrolledAt ?? live;
  const newest = shown.rows.at(-1)?.key ?? -1;
  const filter = {
    group: (filters.kind || "all") as Group,
    type: filters.type,
    worker: filters.worker,
    job: filters.job,
  };
  const isShown = (row: Tail["rows"][number]) => admits(filter, row, tail.typeOf(row.jobId));
  const rows = shown.rows.filter(isShown).reverse();
  const unseen = shown === live ? 0 : live.rows.filter((row) => row.key > newest && isShown(row)).length;
  const isFiltered = NAMES.some((name) => filters[name] !== "");
  const togglePause = () => setHeld(held === null ? live : null);
  useKeys({ p: togglePause });
  return (
    <ConsolePage title={t.events.title} lead={t.events.lead(format.number(KEPT))}>
      <EventFilters filters={filters} change={change}>
        <button type="button" className="btn" aria-pressed={held !== null} onClick={togglePause}>
          <Icon name={held === null ? "pause" : "play"} />
          {held === null ? t.events.pause : t.events.goOn}
        </button>
      </EventFilters>
      <section className="panel" aria-label={t.events.title}>
        <div className="ph">
          <span className={classes("live", live.state !== "live" && "off")} role="status">
            {live.state === "offline" ? t.events.lost(format.time(live.since)) : t.events.states[live.state]}
          </span>
          <span className="dim small" data-shown={rows.length}>
            {t.events.shown(format.number(rows.filter((row) => !isNotice(row)).length))}
            {shown.dropped > 0 && ` · ${t.events.dropped(format.number(shown.dropped))}`}
          </span>
        </div>
        {rows.length > 0 ? (
          <EventList
            rows={rows}
            typeOf={(id) => tail.typeOf(id)}
            unseen={unseen}
            isHeld={held !== null}
            onAway={onAway}
          />
        ) : live.state === "connecting" ? (
          <div className="pb">
            <Skeleton rows={6} height={28} />
          </div>
        ) : (
          <Empty
            text={isFiltered ? t.events.noneMatch : t.events.none}
            hint={isFiltered && filters.type !== "" ? t.events.unknownTypes : t.events.noneHint}
          >
            {isFiltered && (
              <button type="button" className="btn" onClick={() => change({ kind: "", type: "", worker: "", job: "" })}>
                {t.events.clear}
              </button>
            )}
          </Empty>
        )}
      </section>
    </ConsolePage>
  );
}

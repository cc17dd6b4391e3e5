/** The windowed list. While it is scrolled away from its top, it does not move. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { Icon, type IconName } from "~/parts/Icon";
import { shortStep } from "../jobs/shortStep";
import { isNotice, type EventRow, type Kind } from "./rows";

const LOOKS: Record<Kind, { icon: IconName; look: string }> = {
  submitted: { icon: "plus", look: "" },
  started: { icon: "st-run", look: "" },
  retrying: { icon: "replay", look: "warn" },
  released: { icon: "drain", look: "" },
  completed: { icon: "st-done", look: "" },
  failed: { icon: "st-fail", look: "fail" },
  timeout: { icon: "clock", look: "fail" },
  cancelled: { icon: "st-off", look: "" },
  workerUp: { icon: "gpu", look: "" },
  workerDown: { icon: "gpu", look: "warn" },
  backendUp: { icon: "ext", look: "" },
  backendDown: { icon: "ext", look: "warn" },
  machineUp: { icon: "gpu", look: "" },
  machine: { icon: "gpu", look: "" },
  machineDown: { icon: "gpu", look: "warn" },
  cut: { icon: "info", look: "note" },
  reconnected: { icon: "info", look: "note" },
  reset: { icon: "warn", look: "note" },
};

interface EventListProps {
  /** Newest first. */
  rows: readonly EventRow[];
  typeOf: (jobId: string | null) => string | undefined;
  /** Rows that came since the list stands still. */
  unseen: number;
  isHeld: boolean;
  onAway: (away: boolean) => void;
}

const NEAR_TOP = 8;

export function EventList({ rows, typeOf, unseen, isHeld, onAway }: EventListProps) {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  const height = innerWidth < 720 ? 64 : 36;
  const virtualizer = useVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    getScrollElement: () => frame.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  const isAway = useRef(false);
  useEffect(() => () => onAway(false), [onAway]);
  const onScroll = () => {
    const away = (frame.current?.scrollTop ?? 0) > NEAR_TOP;
    if (away !== isAway.current) onAway(away);
    isAway.current = away;
  };
  return (
    <div className="tailbox">
      {unseen > 0 && !isHeld && (
        <button type="button" className="btn sm unseen" onClick={() => frame.current?.scrollTo({ top: 0 })}>
          <Icon name="up" />
          {t.events.unseen(unseen)}
        </button>
      )}
      {unseen > 0 && isHeld && <span className="chip unseen">{t.events.unseen(unseen)}</span>}
      <div ref={frame} className="tail" tabIndex={0} role="region" aria-label={t.events.list} onScroll={onScroll}>
        <ol className="window" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <li
                key={item.key}
                className={classes("windowrow event", LOOKS[row.kind].look)}
                style={{ translate: `0 ${item.start}px`, height: item.size }}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
              >
                <Row row={row} jobType={typeOf(row.jobId)} />
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function Row({ row, jobType }: { row: EventRow; jobType: string | undefined }) {
  const t = useText();
  const format = useFormat();
  const at = new Date(row.at);
  const sentence = t.events.kinds[row.kind];
  return (
    <>
      <time dateTime={at.toISOString()} title={format.exact(at)}>
        {format.time(at)}
      </time>
      <Icon name={LOOKS[row.kind].icon} />
      <span className="what">
        {sentence}
        {row.detail !== null && <span className="dim">: {row.detail}</span>}
      </span>
      {!isNotice(row) && (
        <span className="about">
          {row.jobId !== null && (
            <Link className="link mono" href={`/console/jobs/${encodeURIComponent(row.jobId)}`} title={row.jobId}>
              {shortStep(row.jobId)}
            </Link>
          )}
          {jobType !== undefined && <span className="dim clip">{jobType}</span>}
          {row.workerId !== null && <span className="faint clip">{row.workerId}</span>}
        </span>
      )}
    </>
  );
}

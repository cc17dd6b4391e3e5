/** The windowed grid. The counts of the days decide its height, so that any date is one jump away. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Day, LibraryFilter } from "~/api/library";
import { GridRow } from "./GridRow";
import { rowsOf } from "./rows";
import type { Selection } from "./useSelection";

interface GridProps {
  days: readonly Day[];
  filter: LibraryFilter;
  selection: Selection;
  jump: string | null;
  onJumped: () => void;
  onDay: (day: string) => void;
}

const GAP = 8;
const HEADING = 52;
const OVERSCAN = 2;
const BAR = 118;

export function Grid({ days, filter, selection, jump, onJumped, onDay }: GridProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const shown = frame.current;
    if (shown === null) return;
    const measure = () => {
      setWidth(shown.clientWidth);
      setOffset(shown.getBoundingClientRect().top + scrollY);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(shown);
    measure();
    return () => observer.disconnect();
  }, []);

  const smallest = innerWidth < 720 ? 132 : innerWidth < 1200 ? 132 : 156;
  const columns = innerWidth < 720 ? 2 : Math.max(2, Math.floor((width + GAP) / (smallest + GAP)));
  const side = Math.max(1, (width - GAP * (columns - 1)) / columns);
  const rows = useMemo(() => rowsOf(days, columns), [days, columns]);
  const total = days.reduce((sum, { count }) => sum + count, 0);
  const virtualizer = useWindowVirtualizer({
    count: width === 0 ? 0 : rows.length,
    estimateSize: (index) => (rows[index]?.kind === "day" ? HEADING : side + GAP),
    overscan: OVERSCAN,
    scrollMargin: offset,
    scrollPaddingStart: BAR,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, side, rows]);

  useEffect(() => {
    if (jump === null) return;
    const index = rows.findIndex((row) => row.kind === "day" && row.day === jump);
    if (index >= 0) virtualizer.scrollToIndex(index, { align: "start" });
    onJumped();
  }, [jump, onJumped, rows, virtualizer]);

  const items = virtualizer.getVirtualItems();
  const top = items.find((item) => item.end - offset > (virtualizer.scrollOffset ?? 0) - offset + BAR);
  const topDay = top && rows[top.index]?.day;
  useEffect(() => {
    if (topDay) onDay(topDay);
  }, [onDay, topDay]);

  return (
    <div className="grids">
      <div ref={frame} className="window" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              className="windowrow"
              style={{ translate: `0 ${item.start - offset}px`, height: item.size }}
            >
              <GridRow row={row} columns={columns} filter={filter} selection={selection} total={total} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

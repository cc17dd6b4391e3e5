/** One row of the grid: the heading of a day, or some of its pictures. Scrolling does not render it again. */
import { useQueries } from "@tanstack/react-query";
import { memo } from "react";
import { CHUNK, chunkQuery, type LibraryFilter } from "~/api/library";
import type { Asset } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { LibraryTile } from "./LibraryTile";
import type { Row } from "./rows";
import type { Selection } from "./useSelection";

interface GridRowProps {
  row: Row;
  columns: number;
  filter: LibraryFilter;
  selection: Selection;
  total: number;
}

export const GridRow = memo(function GridRow({ row, columns, filter, selection, total }: GridRowProps) {
  return row.kind === "day" ? (
    <DayHeading row={row} />
  ) : (
    <Pictures row={row} columns={columns} filter={filter} selection={selection} total={total} />
  );
});

function DayHeading({ row }: { row: Extract<Row, { kind: "day" }> }) {
  const t = useText();
  const format = useFormat();
  const day = new Date(`${row.day}T00:00:00`);
  const age = Math.round((new Date().setHours(0, 0, 0, 0) - day.getTime()) / 86_400_000);
  const name = age === 0 ? t.library.today : age === 1 ? t.library.yesterday : format.day(day);
  return (
    <h2 className="day">
      {name}
      <span className="faint">
        {age < 2 && `${format.day(day)} · `}
        {format.number(row.count)}
      </span>
    </h2>
  );
}

interface PicturesProps extends Omit<GridRowProps, "row"> {
  row: Extract<Row, { kind: "pictures" }>;
}

function Pictures({ row, columns, filter, selection, total }: PicturesProps) {
  const firstChunk = Math.floor(row.start / CHUNK);
  const lastChunk = Math.floor((row.start + row.count - 1) / CHUNK);
  const chunks = firstChunk === lastChunk ? [firstChunk] : [firstChunk, lastChunk];
  const found = useQueries({ queries: chunks.map((chunk) => chunkQuery(filter, row.day, chunk)) });
  const assetAt = (index: number): Asset | undefined =>
    found[Math.floor(index / CHUNK) - firstChunk]?.data?.[index % CHUNK];
  return (
    <div className="gridrow" role="list" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {Array.from({ length: row.count }, (_, index) => {
        const asset = assetAt(row.start + index);
        return asset ? (
          <LibraryTile key={asset.id} asset={asset} position={row.first + index} selection={selection} total={total} />
        ) : (
          <div key={index} className="tile skel" aria-hidden="true" />
        );
      })}
    </div>
  );
}

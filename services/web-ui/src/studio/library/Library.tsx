/** The library: every picture, by day, in a grid that only draws what is seen. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { calendarQuery } from "~/api/library";
import { useText } from "~/i18n";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { useHidden } from "../hidden";
import { DateRail } from "./DateRail";
import { Grid } from "./Grid";
import { LibraryBar } from "./LibraryBar";
import { PictureSelection } from "./PictureSelection";
import { useFilter } from "./useFilter";
import { useSelection } from "./useSelection";

export default function Library() {
  const t = useText();
  const [filter, setFilter] = useFilter();
  const calendar = useQuery(calendarQuery(filter));
  const hidden = useHidden();
  const selection = useSelection();
  const [jump, setJump] = useState<string | null>(null);
  const [shownDay, setShownDay] = useState<string | null>(null);
  const days = useMemo(() => calendar.data?.days ?? [], [calendar.data]);
  const total = days.reduce((sum, { count }) => sum + count, 0) - hidden.size;

  if (calendar.error !== null && calendar.data === undefined) {
    return (
      <main id="main" className="page">
        <ErrorNotice error={calendar.error} onRetry={() => void calendar.refetch()} />
      </main>
    );
  }
  const isEmpty = calendar.data !== undefined && days.length === 0;
  return (
    <main id="main" className={isEmpty ? "library bare" : selection.picking ? "library picking" : "library"}>
      <h1 className="sr">{t.nav.library}</h1>
      <LibraryBar
        filter={filter}
        onFilter={setFilter}
        total={Math.max(0, total)}
        picking={selection.picking}
        onPick={() => (selection.picking ? selection.clear() : selection.begin())}
      />
      {calendar.isPending && (
        <div className="grids">
          <Skeleton rows={4} height={156} />
        </div>
      )}
      {isEmpty &&
        (Object.keys(filter).length > 0 ? (
          <Empty text={filter.q ? t.library.nothingFound(filter.q) : t.library.noneMatch}>
            <button type="button" className="btn" onClick={() => setFilter({})}>
              {t.library.clearFilters}
            </button>
          </Empty>
        ) : (
          <Empty text={t.library.empty}>
            <Link className="btn primary" href="/studio">
              {t.library.makeFirst}
            </Link>
          </Empty>
        ))}
      {!isEmpty && calendar.data !== undefined && (
        <>
          <Grid
            days={days}
            filter={filter}
            selection={selection}
            jump={jump}
            onJumped={() => setJump(null)}
            onDay={setShownDay}
          />
          <DateRail days={days} shown={shownDay} onJump={setJump} />
        </>
      )}
      {selection.chosen.size > 0 && <PictureSelection selection={selection} />}
    </main>
  );
}

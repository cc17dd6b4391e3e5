/** The search, the filters, the number of pictures, and the way into selecting. */
import { useCallback, useEffect, useRef } from "react";
import type { LibraryFilter } from "~/api/library";
import { useFormat, useText } from "~/i18n";
import { FilterChips } from "./FilterChips";
import { SearchBox } from "./SearchBox";

interface LibraryBarProps {
  filter: LibraryFilter;
  onFilter: (filter: LibraryFilter) => void;
  total: number;
  picking: boolean;
  onPick: () => void;
}

export function LibraryBar({ filter, onFilter, total, picking, onPick }: LibraryBarProps) {
  const t = useText();
  const format = useFormat();
  const latest = useRef(filter);
  useEffect(() => {
    latest.current = filter;
  });
  const search = useCallback(
    (text: string) => onFilter({ ...latest.current, q: text.trim() === "" ? "" : text }),
    [onFilter],
  );
  return (
    <div className="libbar">
      <SearchBox value={filter.q ?? ""} onSearch={search} />
      <FilterChips filter={filter} onFilter={onFilter} />
      <span className="grow wide" />
      <p className="row libcount">
        <span>
          <b>{format.number(total)}</b> <span className="dim">{t.library.count(total)}</span>
        </span>
      </p>
      <button type="button" className="btn" aria-pressed={picking} disabled={total === 0} onClick={onPick}>
        {picking ? t.shared.done : t.library.choose}
      </button>
    </div>
  );
}

/** The rows of a console table that were chosen, by their ids, with checkboxes or the key x. */
import { useCallback, useState } from "react";
import { useRowKeys } from "./useRowKeys";

export interface RowSelection {
  chosen: ReadonlySet<string>;
  toggle: (id: string) => void;
  /** Select these only. */
  keep: (ids: readonly string[]) => void;
  clear: () => void;
}

/** Select rows of a page. The opener of each row carries the row's id as `data-opens`. */
export function useRowSelection(): RowSelection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const keep = useCallback((ids: readonly string[]) => setChosen(new Set(ids)), []);
  const clear = useCallback(() => keep([]), [keep]);
  useRowKeys(toggle);
  return { chosen, toggle, keep, clear };
}

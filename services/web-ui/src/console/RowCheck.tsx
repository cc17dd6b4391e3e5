/** The checkbox of a row that can be selected. */
import type { RowSelection } from "./useRowSelection";

export function RowCheck({ id, label, selection }: { id: string; label: string; selection: RowSelection }) {
  return (
    <input
      type="checkbox"
      className="rowcheck"
      aria-label={label}
      checked={selection.chosen.has(id)}
      onChange={() => selection.toggle(id)}
    />
  );
}

/** The bar of what can be done with selected rows or pictures. The key `.` goes to its first action, Esc ends. */
import { useRef, type ReactNode } from "react";
import { useText } from "~/i18n";
import { Icon } from "./Icon";
import { useKeys } from "./useKeys";

interface SelectionBarProps {
  /** Name of the bar. */
  label: string;
  count: number;
  /** What stands beside the number, where there is room. */
  note?: string;
  onClear: () => void;
  /** The actions: buttons. */
  children: ReactNode;
}

export function SelectionBar({ label, count, note, onClear, children }: SelectionBarProps) {
  const t = useText();
  const bar = useRef<HTMLDivElement>(null);
  const toActions = () => bar.current?.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus();
  useKeys({ Escape: onClear, ".": toActions });
  return (
    <div className="selbar">
      <div ref={bar} className="actionbar" role="toolbar" aria-label={label}>
        <span className="selcount nowrap">
          <b>{t.shared.selected(count)}</b> {note !== undefined && <span className="dim wide">{note}</span>}
        </span>
        {children}
        <span className="sepv wide" />
        <button type="button" className="btn ghost sq wide" aria-label={t.shared.endSelection} onClick={onClear}>
          <Icon name="x" />
        </button>
      </div>
    </div>
  );
}

/** Moves between the rows of a list: j and k focus the link or button that opens the next or previous one. */
import { useKeys } from "~/parts/useKeys";

const OPENERS = "main [data-opens]";

/** Return what opens the row that has the focus, be it on this or on the row's checkbox. */
function openerOfFocus(): HTMLElement | null {
  const focused = document.activeElement;
  if (focused?.matches(OPENERS)) return focused as HTMLElement;
  return focused?.closest("tr")?.querySelector<HTMLElement>("[data-opens]") ?? null;
}

/** Focus the first row if what had the focus is gone. */
export function focusFirstRow(): void {
  if (document.activeElement === document.body) document.querySelector<HTMLElement>(OPENERS)?.focus();
}

/** Bind j and k; and x to `choose`, if given, with what the row's opener has as `data-opens`. */
export function useRowKeys(choose?: (id: string) => void): void {
  const move = (by: number) => () => {
    const openers = [...document.querySelectorAll<HTMLElement>(OPENERS)];
    const focused = openerOfFocus();
    const at = openers.findIndex((opener) => opener === focused);
    const next = at < 0 ? (by > 0 ? 0 : openers.length - 1) : at + by;
    openers[Math.max(0, Math.min(openers.length - 1, next))]?.focus();
  };
  const chooseFocused = () => {
    const id = openerOfFocus()?.dataset.opens;
    if (id) choose?.(id);
  };
  useKeys({ j: move(1), k: move(-1), ...(choose === undefined ? {} : { x: chooseFocused }) });
}

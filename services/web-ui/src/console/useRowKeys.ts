/** Moves between the rows of a list: j and k focus the link or button that opens the next or previous one. */
import { useKeys } from "~/parts/useKeys";

const OPENERS = "main [data-opens]";

/** Bind j and k; and x to `choose`, if given, with what the row's opener has as `data-opens`. */
export function useRowKeys(choose?: (id: string) => void): void {
  const move = (by: number) => () => {
    const openers = [...document.querySelectorAll<HTMLElement>(OPENERS)];
    const at = openers.findIndex((opener) => opener === document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : openers.length - 1) : at + by;
    openers[Math.max(0, Math.min(openers.length - 1, next))]?.focus();
  };
  const chooseFocused = () => {
    const id = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.opens : undefined;
    if (id) choose?.(id);
  };
  useKeys({ j: move(1), k: move(-1), ...(choose === undefined ? {} : { x: chooseFocused }) });
}

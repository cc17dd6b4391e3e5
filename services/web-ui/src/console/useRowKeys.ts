/** Moves between the rows of a list: j and k focus the link or button that opens the next or previous one. */
import { useKeys } from "~/parts/useKeys";

const OPENERS = "main [data-opens]";

export function useRowKeys(): void {
  const move = (by: number) => () => {
    const openers = [...document.querySelectorAll<HTMLElement>(OPENERS)];
    const at = openers.findIndex((opener) => opener === document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : openers.length - 1) : at + by;
    openers[Math.max(0, Math.min(openers.length - 1, next))]?.focus();
  };
  useKeys({ j: move(1), k: move(-1) });
}

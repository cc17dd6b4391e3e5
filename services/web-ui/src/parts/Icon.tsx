/** One icon of the set, hidden from screen readers: the control around it has the name. */
import { SHAPES } from "./shapes";

export type IconName = keyof typeof SHAPES;

export function Icon({ name, large = false }: { name: IconName; large?: boolean }) {
  return (
    <svg className={large ? "i l" : "i"} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}

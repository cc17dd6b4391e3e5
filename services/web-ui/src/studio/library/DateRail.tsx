/** The months beside the grid; a click jumps there at once. */
import type { Day } from "~/api/library";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { vars } from "~/parts/css";
import { monthsOf } from "./rows";

interface DateRailProps {
  days: readonly Day[];
  shown: string | null;
  onJump: (day: string) => void;
}

export function DateRail({ days, shown, onJump }: DateRailProps) {
  const t = useText();
  const format = useFormat();
  const months = monthsOf(days);
  const most = Math.max(1, ...months.map(({ count }) => count));
  return (
    <nav className="dates" aria-label={t.library.months}>
      <ol>
        {months.map(({ month, count, day }) => {
          const at = shown?.startsWith(month) ?? false;
          const date = new Date(`${month}-01T00:00:00`);
          return (
            <li key={month} className={classes(at && "at")} style={vars({ "--n": Math.round((100 * count) / most) })}>
              <button type="button" {...(at ? { "aria-current": "true" } : {})} onClick={() => onJump(day)}>
                {format.month(date)}
                <span>{format.number(count)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** The rows of the grid: a heading for each day, then its pictures in rows of equal length. */
import type { Day } from "~/api/library";

export type Row =
  | { kind: "day"; day: string; count: number; first: number }
  | { kind: "pictures"; day: string; start: number; count: number; first: number };

/** `first` is the position of the row's first picture in the whole library, from 0. */
export function rowsOf(days: readonly Day[], columns: number): Row[] {
  const rows: Row[] = [];
  let first = 0;
  for (const { day, count } of days) {
    rows.push({ kind: "day", day, count, first });
    for (let start = 0; start < count; start += columns) {
      rows.push({ kind: "pictures", day, start, count: Math.min(columns, count - start), first: first + start });
    }
    first += count;
  }
  return rows;
}

export interface Month {
  /** `2026-11`. */
  month: string;
  count: number;
  /** Its newest day. */
  day: string;
}

/** Sum the days up to months, newest first. */
export function monthsOf(days: readonly Day[]): Month[] {
  const months: Month[] = [];
  for (const { day, count } of days) {
    const month = day.slice(0, 7);
    const last = months.at(-1);
    if (last?.month === month) last.count += count;
    else months.push({ month, count, day });
  }
  return months;
}

/** Numbers, times and durations in the language of the page. */
import type { Text } from "./en";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;
const NBSP = "\u00a0";

export interface Formats {
  number: (value: number) => string;
  /** An amount of credits without its unit. */
  amount: (credits: number) => string;
  credits: (credits: number) => string;
  percent: (percent: number) => string;
  /** A share from 0 to 1 as a percentage that is never rounded to nothing. */
  share: (share: number) => string;
  bytes: (bytes: number) => string;
  seconds: (seconds: number) => string;
  milliseconds: (milliseconds: number) => string;
  /** An estimated interval such as `25–40 s`. */
  interval: (min: number, max: number) => string;
  ago: (time: Date, now: number) => string;
  clock: (time: number | Date) => string;
  /** The clock with seconds. */
  time: (time: number | Date) => string;
  exact: (time: Date) => string;
  day: (time: Date) => string;
  month: (time: Date) => string;
}

export function formatsOf(language: string, text: Text): Formats {
  const number = new Intl.NumberFormat(language);
  const amount = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 3 });
  const one = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });
  const dayOfYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
  const month = new Intl.DateTimeFormat(language, { month: "short" });

  const seconds = (value: number): string => {
    if (value < 10) return `${one.format(value)}${NBSP}s`;
    const whole = Math.round(value);
    if (whole < MINUTE_S) return `${whole}${NBSP}s`;
    if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)}${NBSP}m ${whole % MINUTE_S}${NBSP}s`;
    return `${Math.floor(whole / HOUR_S)}${NBSP}h ${Math.floor((whole % HOUR_S) / MINUTE_S)}${NBSP}m`;
  };
  return {
    number: (value) => number.format(value),
    amount: (credits) => amount.format(credits),
    credits: (credits) => `${amount.format(credits)}${NBSP}${text.shared.cr}`,
    percent: (percent) => `${Math.floor(percent)}${NBSP}%`,
    share: (share) => {
      const percent = share * 100;
      return percent > 0 && percent < 0.1 ? `<${NBSP}${one.format(0.1)}${NBSP}%` : `${one.format(percent)}${NBSP}%`;
    },
    bytes: (bytes) => {
      const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
      const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
      const unit = units[power] ?? "byte";
      const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: power > 1 ? 2 : 0 } as const;
      return new Intl.NumberFormat(language, style).format(bytes / 1000 ** power);
    },
    seconds,
    milliseconds: (value) => (value < 1000 ? `${number.format(Math.round(value))}${NBSP}ms` : seconds(value / 1000)),
    interval: (min, max) => {
      if (max < MINUTE_S) {
        const [low, high] = [Math.max(1, Math.round(min)), Math.max(1, Math.round(max))];
        return low === high ? `${low}${NBSP}s` : `${low}–${high}${NBSP}s`;
      }
      return `${seconds(min)} – ${seconds(max)}`;
    },
    ago: (time, now) => {
      const age = (now - time.getTime()) / 1000;
      if (age < 45) return text.shared.justNow;
      if (age < HOUR_S) return relative.format(-Math.round(age / MINUTE_S), "minute");
      if (age < DAY_S) return relative.format(-Math.round(age / HOUR_S), "hour");
      return relative.format(-Math.round(age / DAY_S), "day");
    },
    clock: (at) => clock.format(at),
    time: (at) => time.format(at),
    exact: (time) => exact.format(time),
    day: (time) => (time.getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(time),
    month: (time) => month.format(time),
  };
}

/** Spans of time by which jobs are listed. */
const HOUR_MS = 3_600_000;

/** Length of each span in milliseconds; 0 is all that the queue has. */
export const SPANS = { any: 0, "15m": HOUR_MS / 4, "1h": HOUR_MS, "6h": 6 * HOUR_MS, "24h": 24 * HOUR_MS } as const;
export type Span = keyof typeof SPANS;

/** Return when a span begins, in Unix milliseconds; null for all, or for text that names no span. */
export function sinceOf(text: string, now: number): number | null {
  const length = text in SPANS ? SPANS[text as Span] : 0;
  return length === 0 ? null : now - length;
}

/** Turns the history of a job into the bars of its timeline. */
import type { HistoryEntry, Job } from "~/api/types";
import { isActive } from "~/api/types";

export interface Span {
  kind: "wait" | "work" | "failed" | "live";
  step: number;
  attempt: number;
  from: number;
  to: number;
}

/** Return the spans of the last run in order. `now` ends what goes on; all times are Unix milliseconds. */
export function spansOf(job: Job, history: readonly HistoryEntry[], now: number): Span[] {
  const begins = history.findLastIndex(({ event }) => event === "created" || event === "retried");
  const run = history.slice(Math.max(0, begins));
  const first = run[0];
  if (first === undefined) return [];
  const spans: Span[] = [];
  const attempts = new Map<number, number>();
  let waitsSince: number | null = Date.parse(first.created_at);
  let open: Span | null = null;
  const close = (at: number, kind: Span["kind"]) => {
    if (open !== null) spans.push({ ...open, to: at, kind });
    open = null;
  };
  for (const { event, step, created_at } of run.slice(1)) {
    const at = Date.parse(created_at);
    const number: number = step ?? 0;
    if (event === "node_started") {
      if (waitsSince !== null) spans.push({ kind: "wait", step: number, attempt: 0, from: waitsSince, to: at });
      waitsSince = null;
      const attempt = (attempts.get(number) ?? 0) + 1;
      attempts.set(number, attempt);
      open = { kind: "live", step: number, attempt, from: at, to: at };
    } else if (event === "node_completed") {
      close(at, "work");
      waitsSince = at;
    } else if (event === "node_retrying") {
      close(at, "failed");
      waitsSince = at;
    } else if (event === "complete") {
      close(at, "work");
      waitsSince = null;
    } else if (event === "error" || event === "cancelled") {
      close(at, "failed");
      waitsSince = null;
    }
  }
  if (isActive(job)) {
    close(now, "live");
    if (waitsSince !== null) spans.push({ kind: "wait", step: 0, attempt: 0, from: waitsSince, to: now });
  }
  return spans;
}

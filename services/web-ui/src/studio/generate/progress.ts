/** What can be said about the rest of a running job. */
import type { Job } from "~/api/types";

const MIN_PROGRESS = 8;

/** Return the seconds that are left by the pace so far, or null while that would be a guess. */
export function secondsLeft(job: Job, now: number): number | null {
  const { progress, started_at } = job;
  if (started_at === null || progress === null || progress < MIN_PROGRESS || progress >= 100) return null;
  const elapsed_s = (now - Date.parse(started_at)) / 1000;
  return elapsed_s <= 0 ? null : (elapsed_s * (100 - progress)) / progress;
}

/** The percentages that are announced to screen readers. */
const ANNOUNCED = [25, 50, 75];

/** Return the last announced percentage up to `progress`. */
export function announced(progress: number): number {
  return ANNOUNCED.filter((step) => step <= progress).at(-1) ?? 0;
}

/** Which workers are shown. */
import type { Worker } from "~/api/queue";

export const STATES = ["busy", "idle", "stale"] as const;
export type WorkerState = (typeof STATES)[number];
/** A worker without a heartbeat for this long is stale. */
const STALE_S = 9;

export function isStale(worker: Worker, now: number): boolean {
  return (now - worker.seen_at) / 1000 > STALE_S;
}

export function stateOf(worker: Worker, now: number): WorkerState {
  if (isStale(worker, now)) return "stale";
  return worker.running > 0 ? "busy" : "idle";
}

/** Return whether a worker has the state, and the text in its id, machine, device, models, types or jobs. */
export function isMatch(worker: Worker, text: string, state: WorkerState | "", now: number): boolean {
  if (state !== "" && stateOf(worker, now) !== state) return false;
  if (text === "") return true;
  const { models, types, backends } = worker.capabilities;
  const { worker_id, machine_id, gpu, current_job_ids } = worker;
  const fields = [worker_id, machine_id, gpu ?? "", ...models, ...types, ...backends, ...current_job_ids];
  return fields.some((field) => field.toLowerCase().includes(text.toLowerCase()));
}

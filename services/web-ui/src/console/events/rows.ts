/** Turns messages of the queue's socket into rows: one for each event. */
import type { QueueMessage } from "~/live/queueSocket";

export type JobKind =
  "submitted" | "started" | "retrying" | "released" | "completed" | "failed" | "timeout" | "cancelled";
export type FleetKind =
  "workerUp" | "workerDown" | "backendUp" | "backendDown" | "machineUp" | "machine" | "machineDown";
/** Not events: places where some may be missing. */
export type NoticeKind = "cut" | "reconnected" | "reset";
export type Kind = JobKind | FleetKind | NoticeKind;

export interface EventRow {
  /** Increases with each row. */
  key: number;
  kind: Kind;
  /** Unix milliseconds. */
  at: number;
  jobId: string | null;
  workerId: string | null;
  /** What the message says: an error, a reason, the name of a machine. */
  detail: string | null;
}

export type Group = "all" | "jobs" | "failures" | "fleet";

const FAILURES: ReadonlySet<Kind> = new Set(["failed", "timeout", "retrying", "workerDown", "machineDown"]);
const NOTICES: ReadonlySet<Kind> = new Set(["cut", "reconnected", "reset"]);

export interface EventFilter {
  group: Group;
  type: string;
  worker: string;
  job: string;
}

/** Return what a message says, or null if another message of the same event says it. */
export function rowOf(message: QueueMessage): Omit<EventRow, "key"> | null {
  const row = (kind: Kind, detail: unknown = null) => ({
    kind,
    at: message.timestamp,
    jobId: text(message["job_id"]),
    workerId: text(message["worker_id"]),
    detail: text(detail),
  });
  switch (message.type) {
    case "job_submitted":
      return row("submitted");
    case "job_assigned":
      return row("started");
    case "job_status_changed":
      if (message["new_status"] !== "pending") return null;
      return message["retry_at"] === undefined
        ? row("released")
        : row("retrying", (message["error"] as { message?: unknown } | undefined)?.message);
    case "complete_job":
      return (message["result"] as { status: string }).status === "success" ? row("completed") : null;
    case "job_failed":
      return row("failed", message["error"]);
    case "job_timeout":
      return row("timeout", message["error"]);
    case "job_cancelled":
      return row("cancelled", message["error"]);
    case "worker_connected":
      return row("workerUp", message["machine_id"]);
    case "worker_disconnected":
      return row("workerDown", message["machine_id"]);
    case "connector_status_changed":
      return row(message["status"] === "active" ? "backendUp" : "backendDown", message["connector_id"]);
    case "machine_startup":
      return row("machineUp", message["machine_id"]);
    case "machine_status_updated":
      return row("machine", message["machine_id"]);
    case "machine_shutdown":
    case "machine_disconnected":
      return row("machineDown", message["machine_id"]);
    case "reset":
      return row("reset");
    default:
      return null;
  }
}

/** Return whether a row is shown. Notices always are: they say what the list lacks. */
export function admits(filter: EventFilter, row: EventRow, jobType: string | undefined): boolean {
  if (NOTICES.has(row.kind)) return true;
  if (filter.group === "jobs" && row.jobId === null) return false;
  if (filter.group === "fleet" && row.jobId !== null) return false;
  if (filter.group === "failures" && !FAILURES.has(row.kind)) return false;
  if (filter.type !== "" && jobType !== filter.type) return false;
  if (filter.worker !== "" && !(row.workerId ?? "").includes(filter.worker)) return false;
  return filter.job === "" || (row.jobId ?? "").includes(filter.job);
}

export function isNotice(row: EventRow): boolean {
  return NOTICES.has(row.kind);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

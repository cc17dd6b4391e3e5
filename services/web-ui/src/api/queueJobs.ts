/** Jobs of the queue, of all users. A job of the queue is a step of a job of platform-api. */
import { queryOptions } from "@tanstack/react-query";
import { callQueue } from "./operator";

export type QueueStatus = "pending" | "in_progress" | "completed" | "failed" | "timeout" | "cancelled";
/** The statuses by which jobs are listed; `failed` includes `timeout`. */
export const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;
export type ListedStatus = (typeof STATUSES)[number];

export interface QueueJob {
  job_id: string;
  workflow_id: string;
  job_type: string;
  status: QueueStatus;
  priority: number;
  progress: number | null;
  worker_id: string | null;
  attempt: number;
  max_attempts: number;
  cancel_requested: boolean;
  /** Unix milliseconds. */
  created_at: number;
  started_at: number | null;
  completed_at: number | null;
  requirements: {
    models: string[];
    tags: string[];
    hardware: { gpu_memory_gb: number };
    timeout_minutes: number;
  } | null;
  error: { code: string; message: string; retryable?: boolean } | null;
}

export interface JobListFilter {
  statuses?: readonly ListedStatus[];
  jobType?: string;
  workerId?: string;
  groupId?: string;
  /** Unix milliseconds. */
  since?: number;
  until?: number;
  limit?: number;
  cursor?: string;
}

export interface JobPage {
  jobs: QueueJob[];
  cursor: string | null;
}

/** Why a job waits; `waiting` is false if it does not. */
export interface QueueWhy {
  waiting: boolean;
  reason?: string;
  matching_workers?: number;
  ahead?: number;
  tenants?: number;
  due_at_ms?: number | null;
  missing?: string[];
  start_in_s?: [number, number] | null;
  avoids_worker?: string | null;
}

/** Return jobs, the latest submitted first. */
export function listJobs(filter: JobListFilter): Promise<JobPage> {
  const query = new URLSearchParams({ limit: String(filter.limit ?? 50) });
  for (const status of filter.statuses ?? []) query.append("status", status);
  const given: Record<string, string | number | undefined> = {
    job_type: filter.jobType,
    worker_id: filter.workerId,
    group_id: filter.groupId,
    submitted_since: filter.since,
    submitted_until: filter.until,
    cursor: filter.cursor,
  };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  return callQueue<JobPage>(`/api/jobs?${query}`);
}

const path = (id: string) => `/api/jobs/${encodeURIComponent(id)}`;

export const isActive = ({ status }: QueueJob) => status === "pending" || status === "in_progress";

const AGAIN_MS = 2000;

export const queueJobQuery = (id: string) =>
  queryOptions({
    queryKey: ["queue", "job", id],
    queryFn: () => callQueue<QueueJob>(path(id)),
    refetchInterval: ({ state }) => (state.data && isActive(state.data) ? AGAIN_MS : false),
    staleTime: 0,
  });

export const queueWhyQuery = (id: string) =>
  queryOptions({
    queryKey: ["queue", "why", id],
    queryFn: () => callQueue<QueueWhy>(`${path(id)}/why`),
    refetchInterval: 5000,
    staleTime: 0,
  });

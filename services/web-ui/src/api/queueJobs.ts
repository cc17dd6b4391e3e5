/** Jobs of the queue, of all users. A job of the queue is a step of a job of platform-api. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { data, newIdempotencyKey, platform } from "./client";
import { callQueue } from "./operator";
import type { Problem } from "./problem";

export type QueueStatus = "pending" | "in_progress" | "completed" | "failed" | "timeout" | "cancelled";
/** The statuses by which jobs are listed; `failed` includes `timeout`. */
export const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;
export type ListedStatus = (typeof STATUSES)[number];

export interface QueueJob {
  job_id: string;
  workflow_id: string;
  job_type: string;
  /** The user whose job it is; `system` for jobs that were submitted to queue-api. */
  customer_id: string;
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

const PAGE = 50;
const LIST_AGAIN_MS = 4000;
const MOST_REQUESTS = 10;

/** Return a page of at least 50 jobs, if there are as many: with filters, those of the server may be shorter. */
async function fullPage(filter: JobListFilter, cursor: string): Promise<JobPage> {
  const found: JobPage = { jobs: [], cursor };
  for (let request = 0; request < MOST_REQUESTS && found.jobs.length < PAGE; request++) {
    const page = await listJobs({ ...filter, limit: PAGE, ...(found.cursor ? { cursor: found.cursor } : {}) });
    found.jobs.push(...page.jobs);
    found.cursor = page.cursor;
    if (page.cursor === null) break;
  }
  return found;
}

/** The list of a page. `filterOf` returns the filter at the time of the request: its times may be relative. */
export const queueJobsQuery = (key: Record<string, string>, filterOf: () => JobListFilter) =>
  infiniteQueryOptions({
    queryKey: ["queue", "jobs", key],
    queryFn: ({ pageParam }) => fullPage(filterOf(), pageParam),
    initialPageParam: "",
    getNextPageParam: ({ cursor }) => cursor || null,
    // Longer lists stand still: they are being read.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) > 1 ? false : LIST_AGAIN_MS),
    refetchIntervalInBackground: false,
    staleTime: 0,
  });

const path = (id: string) => `/api/jobs/${encodeURIComponent(id)}`;

export const isActive = ({ status }: QueueJob) => status === "pending" || status === "in_progress";

export const canRetry = ({ status }: QueueJob) => status === "failed" || status === "timeout";

const AGAIN_MS = 2000;

/** Whether the job belongs to a user of platform-api, who pays for it. */
export const isOfUser = ({ customer_id }: QueueJob) => customer_id !== "system";

export const cancelQueueJob = ({ job_id }: QueueJob): Promise<unknown> => callQueue(`${path(job_id)}/cancel`, {});

/** Change the place of a waiting job among those of its user. */
export const prioritizeQueueJob = ({ job_id }: QueueJob, priority: number): Promise<unknown> =>
  callQueue(`${path(job_id)}/priority`, { priority });

/** Whether a retry failed because the job is another user's. */
export const isOwnersToRetry = (job: QueueJob, { status }: Problem) => isOfUser(job) && status === 404;

/** Retry a failed job: one of a user at platform-api, where only its owner can. */
export async function retryQueueJob(job: QueueJob): Promise<unknown> {
  if (!isOfUser(job)) return await callQueue(`${path(job.job_id)}/retry`, {});
  const params = { path: { job_id: job.workflow_id }, header: { "Idempotency-Key": newIdempotencyKey() } };
  return await data(platform.POST("/api/jobs/{job_id}/retry", { params }));
}

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

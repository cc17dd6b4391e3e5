/** queue-api. Its answers are not typed in OpenAPI, so their shapes are here. */
import { queryOptions } from "@tanstack/react-query";
import { callQueue as call } from "./operator";

export interface TypeDepth {
  pending: number;
  in_progress: number;
  oldest_age_s: number | null;
  completed_per_minute: number;
  paused: boolean;
}

export interface Queues {
  pending: number;
  delayed: number;
  in_progress: number;
  dead_letters: number;
  oldest_age_s: number | null;
  completed_per_minute: number;
  paused: boolean;
  by_type: Record<string, TypeDepth>;
  eta: { samples: number; error: number | null };
}

export interface Bucket {
  at: number;
  submitted: number;
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  waiting: number | null;
  busy_workers: number | null;
}

export interface Worker {
  worker_id: string;
  machine_id: string;
  gpu: string | null;
  concurrency: number;
  version: string;
  capabilities: { types: string[]; models: string[]; vram_gb: number; backends: string[] };
  seen_at: number;
  running: number;
  current_job_ids: string[];
}

export interface DeadLetter {
  job_id: string;
  job_type: string;
  error: { code: string; message: string } | null;
  /** Unix milliseconds. */
  completed_at: number | null;
}

/** Time between the last answer and the next question, while the page is visible. */
const AGAIN_MS = 3000;
const again = { refetchInterval: AGAIN_MS, refetchIntervalInBackground: false, staleTime: 0 };

export const queuesQuery = queryOptions({
  queryKey: ["queue", "queues"],
  queryFn: () => call<Queues>("/api/queues"),
  ...again,
});

export const seriesQuery = queryOptions({
  queryKey: ["queue", "series"],
  queryFn: async () => (await call<{ buckets: Bucket[] }>("/api/series")).buckets,
  ...again,
  refetchInterval: 10_000,
});

export const workersQuery = queryOptions({
  queryKey: ["queue", "workers"],
  queryFn: async () => (await call<{ workers: Worker[] }>("/api/workers")).workers,
  ...again,
});

export interface DeadLetters {
  dead_letters: DeadLetter[];
  total: number;
  cursor: string | null;
}

export const deadLettersQuery = queryOptions({
  queryKey: ["queue", "dead-letters"],
  queryFn: () => call<DeadLetters>("/api/dead-letters?limit=200"),
  staleTime: 0,
});

export interface Requeued {
  requeued: string[];
  refused: { job_id: string; error: string }[];
  more: boolean;
}

export const pauseType = (jobType: string) => call("/api/queues/pause", { job_type: jobType });
export const resumeType = (jobType: string) => call("/api/queues/resume", { job_type: jobType });
export const drainWorker = (id: string) => call(`/api/workers/${encodeURIComponent(id)}/drain`, {});
export const requeue = (ids: string[]) => call<Requeued>("/api/dead-letters/requeue", { ids });
export const purge = (ids: string[]) => call<{ deleted: number }>("/api/dead-letters/purge", { ids });

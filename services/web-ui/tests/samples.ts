/** Jobs, history entries and job types as the API sends them. */
import type { Asset, HistoryEntry, Job, JobType } from "~/api/types";

export function job(changes: Partial<Job> = {}): Job {
  return {
    id: "019aa7f1-0000-7000-8000-000000000001",
    name: "SDXL, fast",
    description: "a lighthouse",
    status: "pending",
    state: "queued",
    progress: null,
    error_message: null,
    error_details: null,
    created_at: "2026-11-28T10:00:00Z",
    updated_at: "2026-11-28T10:00:00Z",
    started_at: null,
    completed_at: null,
    preview_url: null,
    preview_grid: null,
    job_type: "sdxl_image_fast",
    priority: 50,
    retry_count: 0,
    workflow_output: null,
    data: { collectionId: null, variables: { prompt: "a lighthouse" }, outputs: null, metadata: null },
    metadata: {},
    ...changes,
  };
}

export function entry(seq: number, event: string, second: number, step: number | null = null): HistoryEntry {
  const created_at = new Date(Date.UTC(2026, 10, 28, 10, 0, second)).toISOString();
  const job_id = job().id;
  const id = `${job_id}:${seq}`;
  return { id, job_id, seq, event, step, status: "pending", message: event, progress: null, details: null, created_at };
}

export function jobType(changes: Partial<JobType> = {}): JobType {
  return {
    name: "sdxl_image_fast",
    label: "SDXL, fast",
    outputs: 6,
    mime_type: "image/png",
    width: 1024,
    height: 1024,
    frames: null,
    fps: null,
    enhanced: false,
    negative_prompt_supported: true,
    price: 1.5,
    expected_s: 30,
    timeout_s: 300,
    available: true,
    workers: 1,
    waiting: 0,
    eta: { min_s: 25, max_s: 40 },
    profile: null,
    parameters: { properties: { prompt: {}, seed: {}, negative_prompt: {}, init_image: {}, loras: {}, hires: {} } },
    ...changes,
  };
}

export function asset(changes: Partial<Asset> = {}): Asset {
  return {
    id: "019aa7f1-0000-7000-8000-0000000000a1",
    job_id: job().id,
    job_type: "sdxl_image_fast",
    step: 0,
    index: 0,
    mime_type: "image/png",
    size_bytes: 1000,
    width: 1024,
    height: 1024,
    duration_s: null,
    seed: 41,
    url: "/api/assets/a/content",
    thumbnail_url: null,
    content_path: "/api/assets/a/content",
    created_at: "2026-11-28T10:00:00Z",
    favourite: false,
    tags: [],
    ...changes,
  };
}

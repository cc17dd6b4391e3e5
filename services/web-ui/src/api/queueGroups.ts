/** Job groups of queue-api: one workflow on several back ends, or one job type several times. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { callQueue } from "./operator";

export type GroupStatus = "running" | "partial_complete" | "completed" | "failed" | "cancelled";

export interface GroupSummary {
  job_group_id: string;
  job_type: string;
  status: GroupStatus;
  completed_count: number;
  failed_count: number;
  cancelled_count: number;
  total_count: number;
  /** `all`, `first` or `quorum(n)`. */
  policy: string;
  created_at: string;
  completed_at: string | null;
}

export interface GroupMember {
  job_id: string;
  backend_id: string | null;
  seed: number;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress: number;
  current_step: string | null;
  error_message: string | null;
  worker_id: string | null;
}

export interface Group extends Omit<GroupSummary, "job_type"> {
  child_jobs: GroupMember[];
  skipped_backends: string[];
}

const AGAIN_MS = 4000;
const path = (id: string) => `/api/job-groups/${encodeURIComponent(id)}`;

export const groupsQuery = infiniteQueryOptions({
  queryKey: ["queue", "groups"],
  queryFn: ({ pageParam }) => {
    const query = new URLSearchParams({ limit: "25", ...(pageParam ? { cursor: pageParam } : {}) });
    return callQueue<{ job_groups: GroupSummary[]; cursor: string | null }>(`/api/job-groups?${query}`);
  },
  initialPageParam: "",
  getNextPageParam: ({ cursor }) => cursor,
  // Longer lists stand still: they are being read.
  refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) > 1 ? false : AGAIN_MS),
  refetchIntervalInBackground: false,
  staleTime: 0,
});

export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ["queue", "group", id],
    queryFn: () => callQueue<Group>(path(id)),
    refetchInterval: ({ state }) => (state.data?.completed_at === null ? AGAIN_MS / 2 : false),
    staleTime: 0,
  });

export const cancelGroup = (id: string) =>
  callQueue<{ cancelled: boolean; interrupted: number }>(path(id), undefined, "DELETE");

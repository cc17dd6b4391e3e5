/** Queries of platform-api and their places in the cache. The event stream keeps most of them current. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { data, platform } from "./client";
import type { Job } from "./types";

export const JOBS_SHOWN = 100;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => data(platform.GET("/api/me")),
  staleTime: 60_000,
});

export const jobTypesQuery = queryOptions({
  queryKey: ["job-types"],
  queryFn: async () => (await data(platform.GET("/api/job-types"))).data,
  staleTime: 15_000,
});

/** The newest jobs, newest first. Written by the event stream. */
export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: async (): Promise<Job[]> => {
    const page = await data(platform.GET("/api/jobs", { params: { query: { limit: JOBS_SHOWN } } }));
    return page.data;
  },
  staleTime: Infinity,
});

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: async (): Promise<Job> => {
      const answer = await data(platform.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } } }));
      return { ...answer.data, metadata: answer.metadata };
    },
    staleTime: Infinity,
  });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ["history", id],
    queryFn: async () =>
      (await data(platform.GET("/api/jobs/{job_id}/history", { params: { path: { job_id: id } } }))).data,
    staleTime: Infinity,
  });

export const whyQuery = (id: string) =>
  queryOptions({
    queryKey: ["why", id],
    queryFn: () => data(platform.GET("/api/jobs/{job_id}/why", { params: { path: { job_id: id } } })),
    staleTime: 5_000,
  });

export const assetQuery = (id: string) =>
  queryOptions({
    queryKey: ["asset", id],
    queryFn: () => data(platform.GET("/api/assets/{asset_id}", { params: { path: { asset_id: id } } })),
    staleTime: 3_600_000,
  });

export const siblingsQuery = (jobId: string | null) =>
  queryOptions({
    queryKey: ["assets", "of", jobId],
    queryFn: async () => {
      const query = { job_id: jobId ?? "", limit: 200 };
      return (await data(platform.GET("/api/assets", { params: { query } }))).assets;
    },
    enabled: jobId !== null,
    staleTime: 3_600_000,
  });

export interface AssetFilter {
  job_type?: string;
  mime_type?: string;
  created_before?: string;
}

export const assetsQuery = (filter: AssetFilter) =>
  infiniteQueryOptions({
    queryKey: ["assets", "list", filter],
    queryFn: ({ pageParam }) => {
      const query = { ...filter, limit: 200, ...(pageParam ? { cursor: pageParam } : {}) };
      return data(platform.GET("/api/assets", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor,
    staleTime: 3_600_000,
  });

export const creditsQuery = infiniteQueryOptions({
  queryKey: ["credits"],
  queryFn: ({ pageParam }) => {
    const query = { limit: 100, ...(pageParam ? { cursor: Number(pageParam) } : {}) };
    return data(platform.GET("/api/credits", { params: { query } }));
  },
  initialPageParam: "",
  getNextPageParam: (page) => page.cursor,
  staleTime: 60_000,
});

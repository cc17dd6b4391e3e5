/** Queries of the library: how many pictures each day has, the pictures of a day, and the tags. */
import { queryOptions } from "@tanstack/react-query";
import { data, platform } from "./client";

export const CHUNK = 100;
export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export interface LibraryFilter {
  job_type?: string;
  mime_type?: string;
  model?: string;
  favourite?: boolean;
  /** Pictures that have all of these tags. */
  tag?: string[];
  /** Words of the prompt; of the last one the beginning. */
  q?: string;
}

export interface Day {
  /** `2026-11-28`, in the time zone of this browser. */
  day: string;
  count: number;
}

export const calendarQuery = (filter: LibraryFilter) =>
  queryOptions({
    queryKey: ["assets", "calendar", filter],
    queryFn: () => {
      const query = { ...filter, time_zone: timeZone };
      return data(platform.GET("/api/assets/calendar", { params: { query } }));
    },
    staleTime: 3_600_000,
  });

/** A part of the pictures of one day, newest first. */
export const chunkQuery = (filter: LibraryFilter, day: string, chunk: number) =>
  queryOptions({
    queryKey: ["assets", "day", filter, day, chunk],
    queryFn: async () => {
      const from = new Date(`${day}T00:00:00`);
      const to = new Date(from);
      to.setDate(to.getDate() + 1);
      const query = {
        ...filter,
        created_after: from.toISOString(),
        created_before: to.toISOString(),
        limit: CHUNK,
        offset: chunk * CHUNK,
      };
      return (await data(platform.GET("/api/assets", { params: { query } }))).assets;
    },
    staleTime: 3_600_000,
  });

export const TAGS_SHOWN = 200;

export const tagsQuery = queryOptions({
  queryKey: ["assets", "tags"],
  queryFn: async () =>
    (await data(platform.GET("/api/assets/tags", { params: { query: { limit: TAGS_SHOWN } } }))).tags,
  staleTime: 3_600_000,
});

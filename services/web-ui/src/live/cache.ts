/** Writes the messages of the event stream into the query cache, so that no page polls. */
import type { QueryClient } from "@tanstack/react-query";
import { historyQuery, jobQuery, jobsQuery, JOBS_SHOWN } from "~/api/queries";
import { isActive, type HistoryEntry, type Job } from "~/api/types";
import { refreshMarked, writeMarks } from "./marks";
import type { LiveMessage } from "./protocol";

/** Apply one message. */
export function applyToCache(client: QueryClient, message: LiveMessage): void {
  switch (message.kind) {
    case "snapshot":
      client.setQueryData(jobsQuery.queryKey, message.jobs);
      for (const job of message.jobs) noteJob(client, job);
      refresh(client, ["me"], ["credits"], ["history"], ["assets"]);
      break;
    case "job":
      client.setQueryData(jobsQuery.queryKey, (jobs) => withJob(jobs, message.job));
      noteJob(client, message.job);
      break;
    case "history":
      client.setQueryData(historyQuery(message.entry.job_id).queryKey, (known) => withEntry(known, message.entry));
      noteChange(client, message.entry);
      break;
    case "asset-updated":
      writeMarks(client, message.assetId, message.marks);
      refreshMarked(client);
      break;
    case "asset-deleted":
      client.removeQueries({ queryKey: ["asset", message.assetId] });
      refresh(client, ["assets"]);
      break;
    case "link":
      break;
  }
}

/** Return the list with the job in its place, newest first: ids of jobs increase with time. */
export function withJob(jobs: Job[] | undefined, job: Job): Job[] {
  const others = (jobs ?? []).filter((other) => other.id !== job.id);
  const place = others.findIndex((other) => other.id < job.id);
  others.splice(place < 0 ? others.length : place, 0, job);
  return others.length > JOBS_SHOWN ? others.slice(0, JOBS_SHOWN) : others;
}

/** Return the history with the entry, without doubles and in order. An unread history stays unread. */
export function withEntry(known: HistoryEntry[] | undefined, entry: HistoryEntry): HistoryEntry[] | undefined {
  if (known === undefined || known.some((other) => other.seq === entry.seq)) return known;
  return [...known, entry].sort((a, b) => a.seq - b.seq);
}

function noteJob(client: QueryClient, job: Job): void {
  client.setQueryData(jobQuery(job.id).queryKey, job);
}

function noteChange(client: QueryClient, entry: HistoryEntry): void {
  const job = client.getQueryData(jobQuery(entry.job_id).queryKey);
  refresh(client, ["why", entry.job_id]);
  if (entry.event === "created" || entry.event === "retried" || (job !== undefined && !isActive(job))) {
    refresh(client, ["me"], ["credits"], ["job-types"]);
  }
  if (job !== undefined && !isActive(job)) refresh(client, ["assets"]);
}

function refresh(client: QueryClient, ...keys: readonly (readonly string[])[]): void {
  for (const queryKey of keys) void client.invalidateQueries({ queryKey });
}

import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { chunkQuery } from "~/api/library";
import { historyQuery, jobQuery, jobsQuery, siblingsQuery } from "~/api/queries";
import { applyToCache, withEntry, withJob } from "~/live/cache";
import { asset, entry, job } from "./samples";

const older = job({ id: "01" });
const middle = job({ id: "02" });
const newer = job({ id: "03" });

describe("the list of jobs", () => {
  it("has a new job in its place, newest first", () => {
    expect(withJob([newer, older], middle).map(({ id }) => id)).toEqual(["03", "02", "01"]);
    expect(withJob(undefined, older)).toEqual([older]);
  });

  it("has each job once, in its latest state", () => {
    const changed = { ...middle, progress: 40 };
    expect(withJob([newer, middle, older], changed)).toEqual([newer, changed, older]);
  });
});

describe("the history of a job", () => {
  it("takes each entry once and in order, however often it is sent", () => {
    const first = entry(1, "created", 0);
    const second = entry(2, "node_started", 1);
    expect(withEntry([second], first)).toEqual([first, second]);
    expect(withEntry([first, second], second)).toEqual([first, second]);
  });

  it("stays unread until a page reads it", () => {
    expect(withEntry(undefined, entry(1, "created", 0))).toBeUndefined();
  });
});

describe("messages of the event stream", () => {
  it("replace everything after a reset", () => {
    const client = new QueryClient();
    applyToCache(client, { kind: "snapshot", jobs: [older] });
    applyToCache(client, { kind: "snapshot", jobs: [newer, middle] });
    expect(client.getQueryData(jobsQuery.queryKey)).toEqual([newer, middle]);
  });

  it("change the marks of a picture wherever it is listed, and read filtered lists again", () => {
    const client = new QueryClient();
    const [plain, filtered] = [
      chunkQuery({}, "2026-11-28", 0).queryKey,
      chunkQuery({ tag: ["x"] }, "2026-11-28", 0).queryKey,
    ];
    const pictures = [asset({ id: "a" }), asset({ id: "b" })];
    client.setQueryData(plain, pictures);
    client.setQueryData(filtered, pictures);
    client.setQueryData(siblingsQuery(null).queryKey, []);
    const marks = { favourite: true, tags: ["sea"] };
    applyToCache(client, { kind: "asset-updated", assetId: "b", marks });
    expect(client.getQueryData(plain)).toEqual([pictures[0], { ...pictures[1], ...marks }]);
    expect(client.getQueryState(plain)?.isInvalidated).toBe(false);
    expect(client.getQueryState(filtered)?.isInvalidated).toBe(true);
  });

  it("change the job, its history, and what depends on them", () => {
    const client = new QueryClient();
    client.setQueryData(["me"], { credits: 3 });
    client.setQueryData(historyQuery("02").queryKey, []);
    applyToCache(client, { kind: "job", job: { ...middle, state: "completed" } });
    applyToCache(client, { kind: "history", entry: { ...entry(3, "complete", 9), job_id: "02" } });
    expect(client.getQueryData(jobQuery("02").queryKey)?.state).toBe("completed");
    expect(client.getQueryData(historyQuery("02").queryKey)).toHaveLength(1);
    expect(client.getQueryState(["me"])?.isInvalidated).toBe(true);
  });
});

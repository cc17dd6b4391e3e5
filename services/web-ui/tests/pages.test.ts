import { describe, expect, it } from "vitest";
import { requestOf, studioTypes } from "~/studio/generate/request";
import { secondsLeft } from "~/studio/generate/progress";
import { spansOf } from "~/studio/job/spans";
import { monthsOf, rowsOf } from "~/studio/library/rows";
import { filterOf, paramsOf } from "~/studio/library/useFilter";
import { addTag, toggleFavourites } from "~/studio/useMark";
import { draftOf } from "~/studio/presets/draftOf";
import type { Draft } from "~/studio/generate/draft";
import { amountOf } from "~/console/users/amount";
import { groupsOf } from "~/console/dead-letters/groups";
import { niceCeiling } from "~/console/LineChart";
import { perMinute } from "~/console/overview/perMinute";
import { entry, job, jobType } from "./samples";

const draft: Draft = {
  type: "sdxl_image_fast",
  prompt: "a boat",
  negative: null,
  seed: "",
  start: { asset_id: "a1", thumbnail: "" },
  strength: 0.5,
  hires: true,
  scale: 2,
  loras: [{ name: "ink", weight: 0.8 }],
};

describe("the request of a draft", () => {
  it("has what was chosen, and leaves defaults to the server", () => {
    expect(requestOf(draft, jobType())).toEqual({
      jobType: "sdxl_image_fast",
      metadata: {
        prompt: "a boat",
        init_image: { asset_id: "a1" },
        denoising_strength: 0.5,
        loras: [{ name: "ink", weight: 0.8 }],
        hires: { scale: 2 },
      },
    });
  });

  it("leaves out what the job type does not take", () => {
    const video = jobType({ name: "video_fast", parameters: { properties: { prompt: {}, seed: {} } } });
    const asked = requestOf({ ...draft, negative: "text", seed: "41" }, video);
    expect(asked).toEqual({ jobType: "video_fast", metadata: { prompt: "a boat", seed: "41" } });
  });

  it("comes back from a preset as it was written", () => {
    const written = { ...draft, seed: "9223372036854775809", negative: "text" };
    const { jobType: type, metadata = {} } = requestOf(written, jobType());
    const start = { asset_id: "a1", thumbnail: "/api/assets/a1/thumbnail" };
    expect({ ...draft, ...draftOf({ request: { jobType: type, metadata } }) }).toEqual({ ...written, start });
    const open = draftOf({ request: { jobType: "video_fast", metadata: {} } });
    const nothing = { prompt: "", negative: null, seed: "", start: null, hires: false, loras: [] };
    expect(open).toEqual({ type: "video_fast", ...nothing });
  });

  it("is offered for types that make something to see, those that run now first", () => {
    const types = [
      jobType({ name: "away", available: false }),
      jobType({ name: "text", mime_type: "text/plain" }),
      jobType({ name: "here" }),
    ];
    expect(studioTypes(types).map(({ name }) => name)).toEqual(["here", "away"]);
  });
});

describe("the rest of a job", () => {
  it("is estimated from its pace, and not while that would be a guess", () => {
    const running = job({ state: "running", started_at: "2026-11-28T10:00:00Z", progress: 25 });
    const now = Date.parse("2026-11-28T10:00:10Z");
    expect(secondsLeft(running, now)).toBe(30);
    expect(secondsLeft({ ...running, progress: 2 }, now)).toBeNull();
    expect(secondsLeft({ ...running, started_at: null }, now)).toBeNull();
  });
});

describe("the timeline", () => {
  const at = (second: number) => Date.UTC(2026, 10, 28, 10, 0, second);

  it("shows waiting, failed attempts and work of the last run", () => {
    const history = [
      entry(1, "created", 0),
      entry(2, "error", 1),
      entry(3, "retried", 10),
      entry(4, "node_started", 12, 0),
      entry(5, "node_retrying", 15, 0),
      entry(6, "node_started", 20, 0),
      entry(7, "complete", 30),
    ];
    const spans = spansOf(job({ state: "completed" }), history, at(99));
    expect(spans.map(({ kind, attempt, from, to }) => [kind, attempt, from, to])).toEqual([
      ["wait", 0, at(10), at(12)],
      ["failed", 1, at(12), at(15)],
      ["wait", 0, at(15), at(20)],
      ["work", 2, at(20), at(30)],
    ]);
  });

  it("goes on until now while the job is active", () => {
    const history = [entry(1, "created", 0), entry(2, "node_started", 2, 0)];
    const last = spansOf(job({ state: "running" }), history, at(9)).at(-1);
    expect(last).toMatchObject({ kind: "live", from: at(2), to: at(9) });
    expect(spansOf(job(), history.slice(0, 1), at(4))).toMatchObject([{ kind: "wait", from: at(0), to: at(4) }]);
  });
});

describe("the grid", () => {
  const days = [
    { day: "2026-11-28", count: 5 },
    { day: "2026-11-01", count: 1 },
    { day: "2026-10-31", count: 2 },
  ];

  it("has a heading for each day and rows of equal length", () => {
    const rows = rowsOf(days, 3);
    expect(rows.map((row) => [row.kind, row.day, row.first])).toEqual([
      ["day", "2026-11-28", 0],
      ["pictures", "2026-11-28", 0],
      ["pictures", "2026-11-28", 3],
      ["day", "2026-11-01", 5],
      ["pictures", "2026-11-01", 5],
      ["day", "2026-10-31", 6],
      ["pictures", "2026-10-31", 6],
    ]);
    expect(rows.filter((row) => row.kind === "pictures").map((row) => row.count)).toEqual([3, 2, 1, 2]);
  });

  it("sums days up to months", () => {
    expect(monthsOf(days)).toEqual([
      { month: "2026-11", count: 6, day: "2026-11-28" },
      { month: "2026-10", count: 2, day: "2026-10-31" },
    ]);
  });
});

describe("the filter of the library", () => {
  it("is the same after a reload", () => {
    const filter = { job_type: "a", mime_type: "image/*", model: "m", q: "a b&c", favourite: true, tag: ["x, y", "z"] };
    expect(filterOf(new URLSearchParams(paramsOf(filter).toString()))).toEqual(filter);
    expect(filterOf(new URLSearchParams("q=%20&tag=&type="))).toEqual({});
    expect(paramsOf({ q: "", tag: [] }).toString()).toBe("");
  });
});

describe("marks", () => {
  const plain = { id: "a", favourite: false, tags: ["Sea"] };
  const loved = { id: "b", favourite: true, tags: [] };

  it("make all favourites unless all are", () => {
    expect(toggleFavourites([plain, loved])).toEqual([{ asset: plain, change: { favourite: true } }]);
    expect(toggleFavourites([loved])).toEqual([{ asset: loved, change: { favourite: false } }]);
  });

  it("add a tag where it is missing, in any case", () => {
    expect(addTag([plain, loved], " sea ")).toEqual([{ asset: loved, change: { tags: ["sea"] } }]);
    expect(addTag([loved], "  ")).toEqual([]);
  });
});

describe("the console", () => {
  it("groups dead letters by what went wrong, the latest first", () => {
    const letter = (job_id: string, code: string, completed_at: number, job_type = "comfyui") => {
      return { job_id, job_type, completed_at, error: { code, message: `it was ${code}` } };
    };
    const groups = groupsOf([letter("a", "timeout", 1), letter("b", "backend", 9), letter("c", "timeout", 5, "a1111")]);
    expect(groups.map(({ code, letters, types }) => [code, letters.length, types])).toEqual([
      ["backend", 1, ["comfyui"]],
      ["timeout", 2, ["comfyui", "a1111"]],
    ]);
    expect(groups[1]).toMatchObject({ first: 1, last: 5 });
  });

  it("sums complete buckets up to minutes, and leaves out the one that is not complete", () => {
    const bucket = (at: number, completed: number) => {
      return { at, completed, submitted: 0, started: 0, failed: 0, cancelled: 0, waiting: 0, busy_workers: 0 };
    };
    const buckets = [1, 2, 3, 4, 5, 6, 7, 99].map((completed, index) => bucket(index, completed));
    expect(perMinute(buckets, ({ completed }) => completed)).toEqual([
      { at: 5, value: 21 },
      { at: 6, value: 27 },
    ]);
  });

  it("reads amounts of credits as people write them, and nothing else", () => {
    expect(["25", " 2.5 ", "2,125", "-3", "−0,5", "+1"].map(amountOf)).toEqual([25, 2.5, 2.125, -3, -0.5, 1]);
    expect(["", "0", "0.000", "1.2345", "1e3", "1.000,5", "ten", "--1", "1 000"].map(amountOf)).toEqual(
      Array<null>(9).fill(null),
    );
  });

  it("ends axes at a round number", () => {
    expect([1, 3, 7, 12, 80, 101].map(niceCeiling)).toEqual([1, 4, 10, 20, 100, 200]);
  });
});

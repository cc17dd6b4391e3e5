import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventTail, KEPT } from "~/console/events/EventTail";
import { admits, rowOf, type EventFilter } from "~/console/events/rows";
import { earlier, type QueueMessage } from "~/live/queueSocket";

const ALL: EventFilter = { group: "all", type: "", worker: "", job: "" };

function message(type: string, members: Record<string, unknown> = {}): QueueMessage {
  return { type, timestamp: 1_795_807_015_633, job_id: "a:1:00", worker_id: "w-1", ...members };
}

function shown(of: QueueMessage) {
  const row = rowOf(of);
  if (row === null) throw new Error("no row");
  return row;
}

function submitted(id: string, job_type = "simulation"): QueueMessage {
  return message("job_submitted", { job_id: id, worker_id: undefined, job_data: { id, job_type } });
}

describe("rows of the event list", () => {
  it("are one for each event, whatever number of messages it has", () => {
    const ofAFailure = [
      message("job_status_changed", { old_status: "in_progress", new_status: "failed" }),
      message("job_failed", { error: "The model is missing." }),
      message("complete_job", { result: { status: "failed" } }),
    ];
    expect(ofAFailure.map(rowOf).filter(Boolean)).toMatchObject([{ kind: "failed", detail: "The model is missing." }]);
    const ofAStart = [message("job_assigned"), message("job_status_changed", { new_status: "in_progress" })];
    expect(ofAStart.map(rowOf).filter(Boolean)).toMatchObject([{ kind: "started", workerId: "w-1" }]);
  });

  it("distinguish a retry from a step that was given back", () => {
    const retry = { new_status: "pending", retry_at: 1, error: { message: "It closed the connection." } };
    expect(rowOf(message("job_status_changed", retry))).toMatchObject({
      kind: "retrying",
      detail: retry.error.message,
    });
    expect(rowOf(message("job_status_changed", { new_status: "pending" }))).toMatchObject({ kind: "released" });
  });

  it("are filtered by kind, type, worker and job, but never lose a notice", () => {
    const failed = { ...shown(message("job_failed", { error: "no" })), key: 1 };
    expect(
      admits({ ...ALL, group: "failures", type: "simulation", worker: "w-", job: "a:1" }, failed, "simulation"),
    ).toBe(true);
    expect(admits({ ...ALL, type: "comfyui" }, failed, "simulation")).toBe(false);
    expect(admits({ ...ALL, type: "comfyui" }, failed, undefined)).toBe(false);
    expect(admits({ ...ALL, group: "fleet" }, failed, "simulation")).toBe(false);
    const reset = { ...shown(message("reset", { job_id: undefined })), key: 2 };
    expect(admits({ ...ALL, group: "fleet", type: "comfyui" }, reset, undefined)).toBe(true);
  });
});

describe("events before the connection", () => {
  it("end at its position, so that none is shown twice", () => {
    const id = (seq: number) => `0-5-100-${seq}`;
    const events = [
      message("job_submitted", { event_id: id(1) }),
      message("job_assigned"),
      message("job_status_changed", { event_id: id(2) }),
      message("job_assigned"),
      message("job_status_changed", { event_id: id(10) }),
    ];
    const response = message("resync_response", { events });
    expect(earlier(response, id(2))).toEqual(events.slice(0, 3));
    expect(earlier(response, "0-6-1-1")).toEqual(events);
  });
});

describe("the tail", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("keeps the newest 5,000 rows and counts the others", () => {
    const tail = new EventTail();
    const messages = Array.from({ length: KEPT + 300 }, (_, index) => submitted(`job-${index}`));
    tail.take(messages);
    vi.runAllTimers();
    expect(tail.current()).toMatchObject({ dropped: 300 });
    expect(tail.current().rows).toHaveLength(KEPT);
    expect(tail.current().rows.at(-1)?.jobId).toBe(`job-${KEPT + 299}`);
    expect(tail.typeOf("job-9")).toBe("simulation");
  });

  it("puts what happened earlier first, and says if that is not all", () => {
    const tail = new EventTail();
    tail.take([submitted("late")]);
    tail.takeEarlier([submitted("early")], false);
    vi.runAllTimers();
    expect(tail.current().rows.map(({ kind, jobId }) => [kind, jobId])).toEqual([
      ["submitted", "early"],
      ["cut", null],
      ["submitted", "late"],
    ]);
    const keys = tail.current().rows.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });
});

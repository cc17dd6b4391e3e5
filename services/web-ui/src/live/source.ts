/** The event stream of all jobs of the user, `GET /api/events`, read once for all pages of the browser. */
import { parseExact } from "~/api/exactSeeds";
import type { HistoryEntry, Job, Marks } from "~/api/types";
import type { LinkState, Listener, LiveMessage } from "./protocol";

const KEPT_JOBS = 300;
const RECONNECT_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
/** The server sends a comment every 15 s, but EventSource does not show comments: the silence is not measurable. */
const QUIET_BEFORE_OFFLINE_MS = 1500;

/** Reads the stream and keeps the newest jobs, so that a page that is opened later starts from them. */
export class LiveSource {
  readonly #listener: Listener;
  readonly #jobs = new Map<string, Job>();
  #events: EventSource | null = null;
  #state: LinkState = "connecting";
  #since = Date.now();
  #pause = RECONNECT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasSnapshot = false;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  open(): void {
    clearTimeout(this.#timer);
    this.#events?.close();
    const events = new EventSource("/api/events");
    this.#events = events;
    events.onopen = () => {
      this.#pause = RECONNECT_MS;
      this.#enter("live");
    };
    events.onerror = () => void this.#lost(events);
    for (const name of ["snapshot", "reset"]) {
      events.addEventListener(name, (event) => this.#snapshot((parseExact(event.data) as { jobs: Job[] }).jobs));
    }
    events.addEventListener("job_update", (event) => this.#job(parseExact(event.data) as Job));
    events.addEventListener("job_history", (event) => {
      this.#listener({ kind: "history", entry: parseExact(event.data) as HistoryEntry });
    });
    events.addEventListener("asset_updated", (event) => {
      const { asset_id, favourite, tags } = parseExact(event.data) as Marks & { asset_id: string };
      this.#listener({ kind: "asset-updated", assetId: asset_id, marks: { favourite, tags } });
    });
    events.addEventListener("asset_deleted", (event) => {
      const { asset_id, job_id } = parseExact(event.data) as { asset_id: string; job_id: string };
      this.#listener({ kind: "asset-deleted", assetId: asset_id, jobId: job_id });
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#events?.close();
    this.#events = null;
  }

  /** Return what a page that was opened now has missed. */
  current(): LiveMessage[] {
    const link: LiveMessage = { kind: "link", state: this.#state, since: this.#since };
    if (!this.#hasSnapshot) return [link];
    const jobs = [...this.#jobs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    return [link, { kind: "snapshot", jobs }];
  }

  #snapshot(jobs: Job[]): void {
    this.#jobs.clear();
    for (const job of jobs) this.#jobs.set(job.id, job);
    this.#hasSnapshot = true;
    this.#listener({ kind: "snapshot", jobs });
  }

  #job(job: Job): void {
    this.#jobs.set(job.id, job);
    if (this.#jobs.size > KEPT_JOBS) this.#jobs.delete([...this.#jobs.keys()].sort()[0] ?? "");
    this.#listener({ kind: "job", job });
  }

  #enter(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = Date.now();
    this.#listener({ kind: "link", state, since: this.#since });
  }

  async #lost(events: EventSource): Promise<void> {
    if (events !== this.#events) return;
    if (events.readyState === EventSource.CONNECTING) {
      // The browser reconnects by itself and resumes after the last id.
      this.#timer = setTimeout(() => {
        if (events.readyState !== EventSource.OPEN) this.#enter("offline");
      }, QUIET_BEFORE_OFFLINE_MS);
      return;
    }
    // A status other than 200 ends an EventSource for good: find out whether the session has ended.
    const status = await fetch("/api/me").then(
      (response) => response.status,
      () => 0,
    );
    if (events !== this.#events) return;
    if (status === 401) {
      this.close();
      this.#enter("signed-out");
      return;
    }
    this.#enter("offline");
    this.#timer = setTimeout(() => this.open(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }
}

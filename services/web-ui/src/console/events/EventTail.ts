/** The newest events of the queue, kept while the console is open: at most 5,000, those before are counted. */
import { listJobs } from "~/api/queueJobs";
import { QueueSocket, type QueueMessage, type SocketState } from "~/live/queueSocket";
import { rowOf, type EventRow, type NoticeKind } from "./rows";

export const KEPT = 5000;
const KEPT_TYPES = 20_000;
/** Messages of this time are shown together, so that a busy queue does not redraw the page for each. */
const TOGETHER_MS = 150;

export interface Tail {
  /** Oldest first. */
  rows: readonly EventRow[];
  /** Rows that are not kept any more. */
  dropped: number;
  state: SocketState;
  /** When the state began, in Unix milliseconds. */
  since: number;
}

export class EventTail {
  readonly #socket: QueueSocket;
  readonly #types = new Map<string, string>();
  readonly #watchers = new Set<() => void>();
  #rows: EventRow[] = [];
  #dropped = 0;
  #key = 0;
  #state: SocketState = "connecting";
  #since = Date.now();
  #lostAt: number | null = null;
  #snapshot: Tail = { rows: [], dropped: 0, state: "connecting", since: Date.now() };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#socket = new QueueSocket({
      onMessage: (message) => this.take([message]),
      onEarlier: (messages, complete) => this.takeEarlier(messages, complete),
      onState: (state) => this.#enter(state),
    });
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly current = (): Tail => this.#snapshot;

  /** Return the job type of a step, if a message or a list named it. */
  typeOf(jobId: string | null): string | undefined {
    return jobId === null ? undefined : this.#types.get(jobId);
  }

  /** Add messages that have just arrived. */
  take(messages: readonly QueueMessage[]): void {
    for (const message of messages) this.#add(message);
    this.#trim();
    this.#show();
  }

  /** Put messages before all others. */
  takeEarlier(messages: readonly QueueMessage[], complete: boolean): void {
    const later = this.#rows;
    this.#rows = [];
    for (const message of messages) this.#add(message);
    if (!complete) this.#notice("cut", later[0]?.at ?? Date.now());
    this.#rows.push(...later.map((row) => ({ ...row, key: this.#key++ })));
    this.#trim();
    this.#show();
  }

  #add(message: QueueMessage): void {
    const data = message["job_data"] as { id: string; job_type: string } | undefined;
    if (message.type === "job_submitted" && data) this.#learn(data.id, data.job_type);
    const row = rowOf(message);
    if (row !== null) this.#rows.push({ ...row, key: this.#key++ });
  }

  #learn(jobId: string, jobType: string): void {
    this.#types.set(jobId, jobType);
    if (this.#types.size > KEPT_TYPES) this.#types.delete(this.#types.keys().next().value ?? "");
  }

  #notice(kind: NoticeKind, at: number): void {
    this.#rows.push({ key: this.#key++, kind, at, jobId: null, workerId: null, detail: null });
  }

  #trim(): void {
    const over = this.#rows.length - KEPT;
    if (over <= 0) return;
    this.#rows.splice(0, over);
    this.#dropped += over;
  }

  #enter(state: SocketState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = Date.now();
    if (state === "offline") this.#lostAt ??= Date.now();
    if (state === "live") {
      if (this.#lostAt !== null) this.#notice("reconnected", this.#lostAt);
      this.#lostAt = null;
      void this.#learnActive();
    }
    this.#show();
  }

  /** Learn the types of the jobs that were submitted before this page listened. */
  async #learnActive(): Promise<void> {
    const page = await listJobs({ statuses: ["pending", "in_progress"], limit: 200 }).catch(() => null);
    for (const { job_id, job_type } of page?.jobs ?? []) this.#learn(job_id, job_type);
    this.#show();
  }

  #show(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#snapshot = { rows: [...this.#rows], dropped: this.#dropped, state: this.#state, since: this.#since };
      for (const watcher of this.#watchers) watcher();
    }, TOGETHER_MS);
  }
}

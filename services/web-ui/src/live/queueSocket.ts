/** The WebSocket of queue-api for operators: it reconnects by itself, and resumes after the last event it has seen. */
import { callQueue, queueUrl } from "~/api/operator";

/** A message of the socket; see docs/guides/websocket.md. `timestamp` is in Unix milliseconds. */
export interface QueueMessage {
  type: string;
  timestamp: number;
  /** On the last message of an event. */
  event_id?: string;
  [member: string]: unknown;
}

export type SocketState = "connecting" | "live" | "offline";

export interface QueueListener {
  onMessage: (message: QueueMessage) => void;
  /** Messages of the minutes before the connection. `complete` is false if there were too many to send. */
  onEarlier: (messages: QueueMessage[], complete: boolean) => void;
  onState: (state: SocketState) => void;
}

const TOPICS = ["jobs:status", "workers", "machines"];
const EARLIER_MS = 5 * 60_000;
const RECONNECT_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

export class QueueSocket {
  readonly #listener: QueueListener;
  #socket: WebSocket | null = null;
  #since: string | null = null;
  #pause = RECONNECT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;

  constructor(listener: QueueListener) {
    this.#listener = listener;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#listener.onState("connecting");
    void this.#connect();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  async #connect(): Promise<void> {
    const address = await this.#address().catch(() => null);
    if (!this.#isOpen) return;
    if (address === null) {
      this.#again();
      return;
    }
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "monitor_connect", topics: TOPICS }));
    socket.onmessage = ({ data }) => this.#read(socket, JSON.parse(String(data)) as QueueMessage);
    socket.onclose = () => socket === this.#socket && this.#again();
  }

  async #address(): Promise<string> {
    const { ticket } = await callQueue<{ ticket: string }>("/api/ws-ticket", {});
    const query = new URLSearchParams({ token: ticket });
    if (this.#since !== null) query.set("since", this.#since);
    const url = new URL((await queueUrl()) ?? "", location.href);
    return `${url.href.replace(/^http/, "ws").replace(/\/$/, "")}/ws/monitor/console?${query}`;
  }

  #again(): void {
    if (!this.#isOpen) return;
    this.#listener.onState("offline");
    this.#timer = setTimeout(() => void this.#connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #read(socket: WebSocket, message: QueueMessage): void {
    if (socket !== this.#socket) return;
    if (message.type === "connected") {
      this.#pause = RECONNECT_MS;
      this.#listener.onState("live");
      if (this.#since === null) this.#askForEarlier(socket, String(message.event_id));
    }
    this.#since = message.event_id ?? this.#since;
    if (message.type === "resync_response") {
      this.#listener.onEarlier(earlier(message, String(message["id"])), message["has_more"] !== true);
    } else {
      this.#listener.onMessage(message);
    }
  }

  #askForEarlier(socket: WebSocket, position: string): void {
    const [shard, epoch, ms] = position.split("-");
    const since = `${shard}-${epoch}-${Math.max(0, Number(ms) - EARLIER_MS)}-0`;
    socket.send(JSON.stringify({ type: "resync_request", id: position, since_event_id: since }));
  }
}

/** Return the messages of the events up to a position: later ones arrive by themselves. */
export function earlier(response: QueueMessage, position: string): QueueMessage[] {
  const messages = response["events"] as QueueMessage[];
  const last = messages.findLastIndex(({ event_id }) => event_id !== undefined && !isLater(event_id, position));
  return messages.slice(0, last + 1);
}

/** Return whether an event id is after another one. */
function isLater(id: string, other: string): boolean {
  const [mine, theirs] = [numbersOf(id), numbersOf(other)];
  const at = mine.findIndex((value, index) => value !== theirs[index]);
  return at >= 0 && (mine[at] ?? 0) > (theirs[at] ?? 0);
}

const numbersOf = (id: string) => id.split("-").slice(1).map(Number);

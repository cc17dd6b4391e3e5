/** Requests to other services than platform-api, with an operator's ticket. */
import { data, platform } from "./client";
import { Problem, problemOf } from "./problem";

const MARGIN_S = 30;
let ticket: { text: string; until: number } | null = null;
let base: string | null | undefined;

/** Return the address of queue-api, or null if this server has no console. */
export async function queueUrl(): Promise<string | null> {
  if (base === undefined) {
    const response = await fetch("/ui/config.json");
    if (!response.ok) throw await problemOf(response);
    base = ((await response.json()) as { queue_url: string | null }).queue_url;
  }
  return base;
}

async function currentTicket(): Promise<string> {
  if (ticket === null || ticket.until < Date.now()) {
    const made = await data(platform.POST("/api/auth/ticket", { body: { audience: "operator" } }));
    ticket = { text: made.ticket, until: Date.now() + (made.expires_in - MARGIN_S) * 1000 };
  }
  return ticket.text;
}

/** Call queue-api: with a body by POST, unless `method` says otherwise. */
export async function callQueue<T>(path: string, body?: unknown, method?: string): Promise<T> {
  const url = await queueUrl();
  if (url === null) throw new Problem(404, {});
  let response = await send(url + path, body, method);
  if (response.status === 401) {
    ticket = null; // Redis was restarted, perhaps, and has forgotten it
    response = await send(url + path, body, method);
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

async function send(url: string, body: unknown, method?: string): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${await currentTicket()}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return await fetch(url, {
    headers,
    method: method ?? (body === undefined ? "GET" : "POST"),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Problem(0, {});
  });
}

/** Requests to other services than platform-api, with an operator's ticket. */
import createClient, { type Client } from "openapi-fetch";
import { data, failures, platform } from "./client";
import { asProblem, Problem, problemOf } from "./problem";
import type { paths as WebhookPaths } from "./schema/webhook-dispatcher";

interface Addresses {
  /** Changes with the files of these pages. */
  build: string;
  /** Null if this server has no console. */
  queue_url: string | null;
  /** Null if its console has no webhooks. */
  webhooks_url: string | null;
}

const MARGIN_S = 30;

/** A request that was not sent, because platform-api gave no ticket for it. */
export class NoTicket extends Problem {
  constructor({ status, traceId }: Problem) {
    super(status, { ...(traceId === null ? {} : { trace_id: traceId }), retryable: true });
  }
}
let ticket: { text: string; until: number } | null = null;
let addresses: Addresses | undefined;
let webhookClient: Client<WebhookPaths> | undefined;

/** Return the addresses of the other services. */
export async function serviceUrls(): Promise<Addresses> {
  addresses ??= await readConfig();
  return addresses;
}

/** Return whether the server has newer pages than when this page first asked. */
export async function isNewerThanPage(): Promise<boolean> {
  const { build } = await serviceUrls();
  return (await readConfig()).build !== build;
}

async function readConfig(): Promise<Addresses> {
  const response = await fetch("/ui/config.json");
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Addresses;
}

export const queueUrl = async () => (await serviceUrls()).queue_url;

async function currentTicket(): Promise<string> {
  if (ticket === null || ticket.until < Date.now()) {
    const made = await data(platform.POST("/api/auth/ticket", { body: { audience: "operator" } })).catch(
      (error: unknown) => {
        throw new NoTicket(asProblem(error));
      },
    );
    ticket = { text: made.ticket, until: Date.now() + (made.expires_in - MARGIN_S) * 1000 };
  }
  return ticket.text;
}

/** Send a request with a ticket, and once more with a new one if the server does not know it. */
async function fetchAsOperator(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401) return response;
  ticket = null;
  return await send(again);
}

async function send(request: Request): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${await currentTicket()}`);
  return await fetch(request).catch(() => {
    throw new Problem(0, {});
  });
}

/** Call queue-api: with a body by POST, unless `method` says otherwise. */
export async function callQueue<T>(path: string, body?: unknown, method?: string): Promise<T> {
  const url = await queueUrl();
  if (url === null) throw new Problem(404, {});
  const request = new Request(url + path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  const response = await fetchAsOperator(request);
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

/** Return the typed client of webhook-dispatcher. */
export async function webhookDispatcher(): Promise<Client<WebhookPaths>> {
  if (webhookClient === undefined) {
    const { webhooks_url } = await serviceUrls();
    if (webhooks_url === null) throw new Problem(404, {});
    webhookClient = createClient<WebhookPaths>({ baseUrl: webhooks_url.replace(/\/$/, ""), fetch: fetchAsOperator });
    webhookClient.use(failures);
  }
  return webhookClient;
}

/** The typed client of platform-api. The session cookie authenticates; responses other than 2xx throw a Problem. */
import createClient, { type Middleware } from "openapi-fetch";
import { exactSeeds } from "./exactSeeds";
import { Problem, problemOf } from "./problem";
import type { paths } from "./schema/platform-api";

export const failures: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return error instanceof Problem ? error : new Problem(0, { error: error instanceof Error ? error.message : "" });
  },
};

export const platform = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
platform.use(exactSeeds, failures);

/** The same client, for responses whose text is read as it is. */
export const verbatim = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
verbatim.use(failures);

/** Return the data of a successful response. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data: found } = await answer;
  if (found === undefined) throw new Problem(502, { error: "The server sent an empty response." });
  return found;
}

/** Return a new idempotency key. `crypto.randomUUID` is missing on pages that are not served over HTTPS. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return a link of the API without its origin: pages and API share one, whatever `PUBLIC_URL` says. */
export function sameOrigin(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/** Seeds have 64 bits, of which a number of JavaScript keeps 53. Longer ones are read as text. */
import type { Middleware } from "openapi-fetch";

const LONG_SEED = /(?<!\\)("seed":\s*)(\d{16,})/g;

/** Put the long seeds of a JSON text into quotes. */
export function withExactSeeds(json: string): string {
  return json.replace(LONG_SEED, '$1"$2"');
}

/** Parse a JSON text with exact seeds. */
export function parseExact(json: string): unknown {
  return JSON.parse(withExactSeeds(json));
}

export const exactSeeds: Middleware = {
  async onResponse({ response }) {
    if (response.headers.get("Content-Type")?.startsWith("application/json") !== true) return undefined;
    return new Response(withExactSeeds(await response.text()), response);
  },
};

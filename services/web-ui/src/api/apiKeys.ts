/** API keys of the account. */
import { queryOptions } from "@tanstack/react-query";
import { data, newIdempotencyKey, platform } from "./client";
import { Problem } from "./problem";
import type { components } from "./schema/platform-api";

export type ApiKey = components["schemas"]["KeyItem"];
type Scope = components["schemas"]["Scope"];

/** What keys are made for, and the scopes that it needs. */
export const PURPOSES = {
  generate: ["jobs:read", "jobs:write", "assets:read", "assets:write", "account:read"],
  read: ["jobs:read", "assets:read", "account:read"],
  webhooks: ["webhooks:read", "webhooks:write"],
  everything: ["*"],
} satisfies Record<string, Scope[]>;
export type Purpose = keyof typeof PURPOSES;

export const keysQuery = queryOptions({
  queryKey: ["api-keys"],
  queryFn: async () => {
    const page = await data(platform.GET("/api/v2/apikeys", { params: { query: { limit: 200 } } }));
    return page.api_keys.filter((key) => key.is_active);
  },
  staleTime: 30_000,
});

/** Make a key and return it whole. */
export async function makeKey(name: string, purpose: Purpose): Promise<string> {
  const answer = await data(
    platform.POST("/api/v2/apikeys", {
      params: { header: { "Idempotency-Key": newIdempotencyKey() } },
      body: { name, scopes: PURPOSES[purpose] },
    }),
  );
  const { key } = answer.api_key;
  if (!key) throw new Problem(502, { error: answer.message });
  return key;
}

export async function revokeKey(id: string): Promise<void> {
  await data(platform.DELETE("/api/v2/apikeys/{key_id}", { params: { path: { key_id: id } } }));
}

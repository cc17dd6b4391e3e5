/** Presets: forms that were saved under a name. */
import { queryOptions } from "@tanstack/react-query";
import { data, newIdempotencyKey, platform } from "./client";
import type { components } from "./schema/platform-api";

export type Preset = components["schemas"]["PresetAnswer"];
export type PresetRequest = components["schemas"]["PresetRequest"];

export const presetsQuery = queryOptions({
  queryKey: ["presets"],
  queryFn: async () => (await data(platform.GET("/api/presets"))).presets,
  staleTime: 60_000,
});

export function savePreset(name: string, request: PresetRequest): Promise<Preset> {
  const header = { "Idempotency-Key": newIdempotencyKey() };
  return data(platform.POST("/api/presets", { params: { header }, body: { name, request } }));
}

export function changePreset(id: string, change: { name?: string; request?: PresetRequest }): Promise<Preset> {
  return data(platform.PATCH("/api/presets/{preset_id}", { params: { path: { preset_id: id } }, body: change }));
}

export function deletePreset(id: string): Promise<unknown> {
  return data(platform.DELETE("/api/presets/{preset_id}", { params: { path: { preset_id: id } } }));
}

/** Turns a preset into what is written in the form; what it leaves open is emptied. */
import type { Preset } from "~/api/presets";
import type { Draft } from "../generate/draft";
import { lorasOf } from "../recall";

export function draftOf({ request }: Pick<Preset, "request">): Partial<Draft> {
  const metadata = objectOf(request["metadata"]);
  const { prompt, negative_prompt: negative, seed, denoising_strength: strength } = metadata;
  const start = objectOf(metadata["init_image"])["asset_id"];
  const hires = metadata["hires"];
  const scale = objectOf(hires)["scale"];
  return {
    type: String(request["jobType"]),
    prompt: typeof prompt === "string" ? prompt : "",
    negative: typeof negative === "string" ? negative : null,
    seed: typeof seed === "number" || typeof seed === "string" ? String(seed) : "",
    start: typeof start === "string" ? { asset_id: start, thumbnail: `/api/assets/${start}/thumbnail` } : null,
    loras: lorasOf(metadata["loras"]),
    hires: typeof hires === "object" && hires !== null,
    ...(typeof strength === "number" ? { strength } : {}),
    ...(typeof scale === "number" ? { scale } : {}),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Turns the draft into a request, leaving out what the job type does not take. */
import type { components } from "~/api/schema/platform-api";
import { isVideo, type JobType } from "~/api/types";
import type { Draft } from "./draft";

type Request = components["schemas"]["QueueJobRequest"];
type Metadata = NonNullable<Request["metadata"]>;

/** The parameters of a job type, by their names in its JSON Schema. */
export function takes(type: JobType, parameter: string): boolean {
  const properties: unknown = type.parameters["properties"];
  return typeof properties === "object" && properties !== null && parameter in properties;
}

export function requestOf(draft: Draft, type: JobType): Request {
  const metadata: Metadata = { prompt: draft.prompt };
  if (draft.seed !== "") metadata.seed = draft.seed;
  if (draft.negative !== null && takes(type, "negative_prompt")) metadata.negative_prompt = draft.negative;
  if (draft.start !== null && takes(type, "init_image")) {
    metadata.init_image = { asset_id: draft.start.asset_id };
    metadata.denoising_strength = draft.strength;
  }
  if (draft.loras.length > 0 && takes(type, "loras")) metadata.loras = [...draft.loras];
  if (draft.hires && takes(type, "hires")) metadata.hires = { scale: draft.scale };
  return { jobType: type.name, metadata };
}

/** The job types of which the studio makes pictures or videos, those that run now first. */
export function studioTypes(types: JobType[]): JobType[] {
  const visual = types.filter((type) => type.mime_type.startsWith("image/") || isVideo(type.mime_type));
  return visual.sort((a, b) => Number(b.available !== false) - Number(a.available !== false));
}

/** Return a random seed. Seeds below 2^32 give the noise that other programs draw for them. */
export function newSeed(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
}

export const MAX_PROMPT = 2000;
export const SEED = /^\d{0,20}$/;

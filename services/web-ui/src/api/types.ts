/** Short names for what platform-api sends. */
import type { components } from "./schema/platform-api";

type Schemas = components["schemas"];

export type Job = Schemas["ListedJob"];
export type JobState = Schemas["JobStatus"];
export type HistoryEntry = Schemas["EmPropsHistoryEntry"];
export type JobType = Schemas["JobTypeItem"];
export type Asset = Schemas["AssetItem"];
/** What the owner of a picture notes about it. */
export type Marks = Pick<Asset, "favourite" | "tags">;
export type AssetWithRecipe = Schemas["AssetAnswer"];
export type Recipe = Schemas["Recipe"];
export type Me = Schemas["Me"];
export type Why = Schemas["Why"];
export type CreditLine = Schemas["CreditLine"];

/** An output of a job, as `data.outputs` of a job lists it. */
export interface Output {
  asset_id: string;
  step?: number;
  index: number;
  url: string;
  thumbnail_url?: string;
  mime_type: string;
  size_bytes: number;
  width?: number;
  height?: number;
  frames?: number;
  duration_s?: number;
  /** A text if it is too long for a number. */
  seed?: number | string;
}

export const ACTIVE: readonly JobState[] = ["queued", "delayed", "running"];

export function isActive(job: Job): boolean {
  return ACTIVE.includes(job.state);
}

/** Return the pictures and videos of a job in the order in which they are shown. */
export function outputsOf(job: Job): Output[] {
  const outputs: unknown = job.data.outputs;
  if (!Array.isArray(outputs)) return [];
  return (outputs as Output[]).filter((output) => typeof output.asset_id === "string");
}

export function promptOf(job: Job): string {
  const prompt: unknown = job.data.variables["prompt"];
  return typeof prompt === "string" ? prompt : job.description;
}

export function isVideo(mimeType: string): boolean {
  return mimeType.startsWith("video/");
}

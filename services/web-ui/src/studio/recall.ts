/** Puts what made a picture back into the form. */
import type { Asset, AssetWithRecipe, Job, Recipe } from "~/api/types";
import { promptOf } from "~/api/types";
import { changeDraft, type ChosenLora } from "./generate/draft";

export function recallJob(job: Job): void {
  const { negative_prompt: negative, seed, loras } = job.data.variables;
  changeDraft({
    type: job.job_type,
    prompt: withoutTags(promptOf(job)),
    negative: typeof negative === "string" && negative !== "" ? negative : null,
    seed: typeof seed === "number" || typeof seed === "string" ? String(seed) : "",
    start: null,
    hires: false,
    loras: lorasOf(loras),
  });
}

const TAG = /<lora:[^<>]*>/g;

/** Return a prompt without its tags of LoRAs: jobs and recipes list those beside it, and both would add up. */
const withoutTags = (prompt: string) => prompt.replaceAll(TAG, "").trim();

/** Return the LoRAs of a request. */
export function lorasOf(value: unknown): ChosenLora[] {
  if (!Array.isArray(value)) return [];
  return (value as Partial<ChosenLora>[]).map(({ name, weight }) => ({ name: String(name), weight: weight ?? 1 }));
}

/** Recall the recipe of one picture, with its own seed: it comes out first. */
export function recallAsset(asset: AssetWithRecipe, job: Job | undefined): void {
  const recipe = isOwnRecipe(asset.recipe) ? asset.recipe : null;
  const negative = job?.data.variables["negative_prompt"];
  changeDraft({
    type: job?.job_type ?? asset.job_type,
    prompt: withoutTags(recipe?.original_prompt ?? (job ? promptOf(job) : (recipe?.prompt ?? ""))),
    negative: typeof negative === "string" && negative !== "" ? negative : null,
    seed: asset.seed === null ? "" : String(asset.seed),
    start: null,
    hires: false,
    loras: (recipe?.loras ?? []).map(({ name, weight }) => ({ name, weight })),
  });
}

export function isOwnRecipe(recipe: AssetWithRecipe["recipe"]): recipe is Recipe {
  return recipe !== null && "sampler" in recipe;
}

export function startFrom(asset: Asset, thumbnail: string): void {
  changeDraft({ start: { asset_id: asset.id, thumbnail } });
}

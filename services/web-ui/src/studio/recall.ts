/** Puts what made a picture back into the form. */
import type { Asset, AssetWithRecipe, Job, Recipe } from "~/api/types";
import { promptOf } from "~/api/types";
import { changeDraft } from "./generate/draft";

export function recallJob(job: Job): void {
  const { negative_prompt: negative, seed } = job.data.variables;
  changeDraft({
    type: job.job_type,
    prompt: promptOf(job),
    negative: typeof negative === "string" && negative !== "" ? negative : null,
    seed: typeof seed === "number" || typeof seed === "string" ? String(seed) : "",
    start: null,
    hires: false,
    loras: [],
  });
}

/** Recall the recipe of one picture, with its own seed: it comes out first. */
export function recallAsset(asset: AssetWithRecipe, job: Job | undefined): void {
  const recipe = isOwnRecipe(asset.recipe) ? asset.recipe : null;
  const negative = job?.data.variables["negative_prompt"];
  changeDraft({
    type: job?.job_type ?? asset.job_type,
    prompt: recipe?.original_prompt ?? (job ? promptOf(job) : (recipe?.prompt ?? "")),
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

/** Compares two assets: their hashes, and if those differ, their pixels. */
import { queryOptions } from "@tanstack/react-query";
import { sameOrigin } from "~/api/client";
import { Problem, problemOf } from "~/api/problem";
import type { AssetWithRecipe } from "~/api/types";
import { isVideo } from "~/api/types";
import { differenceOf, NEAR, type Difference, type Pixels } from "./difference";

export type Comparison =
  | { verdict: "bytes" }
  | { verdict: "near" | "different"; difference: Difference }
  /** The files differ, and have no pixels that can be compared one by one. */
  | { verdict: "size" | "video" };

export const comparisonQuery = (first: AssetWithRecipe, second: AssetWithRecipe) =>
  queryOptions({
    queryKey: ["comparison", first.id, second.id],
    queryFn: () => compare(first, second),
    staleTime: Infinity,
    gcTime: 60_000,
  });

async function compare(first: AssetWithRecipe, second: AssetWithRecipe): Promise<Comparison> {
  if (first.sha256 === second.sha256) return { verdict: "bytes" };
  if (isVideo(first.mime_type) || isVideo(second.mime_type)) return { verdict: "video" };
  if (first.width !== second.width || first.height !== second.height) return { verdict: "size" };
  const [one, other] = await Promise.all([pixelsOf(first), pixelsOf(second)]);
  const difference = differenceOf(one, other);
  return { verdict: difference.most <= NEAR ? "near" : "different", difference };
}

/** Read the pixels of a picture as they are in its file, without conversion to the colours of the screen. */
async function pixelsOf(asset: AssetWithRecipe): Promise<Pixels> {
  const response = await fetch(sameOrigin(asset.url), { credentials: "same-origin" });
  if (!response.ok) throw await problemOf(response);
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
  const bitmap = await createImageBitmap(await response.blob(), options).catch(() => {
    throw new Problem(422, {});
  });
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Problem(422, {});
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

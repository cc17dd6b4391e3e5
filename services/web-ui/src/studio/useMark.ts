/** Changes favourites and tags. Pages show the change at once; if the server refuses it, they show what was before. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { data, platform } from "~/api/client";
import { asProblem } from "~/api/problem";
import type { Asset, Marks } from "~/api/types";
import { useText } from "~/i18n";
import { refreshMarked, writeMarks } from "~/live/marks";
import { useNotices } from "~/parts/Notices";

const AT_ONCE = 6;

export interface MarkOne {
  asset: Pick<Asset, "id" | "favourite" | "tags">;
  change: Partial<Marks>;
}

export function useMark(): (changes: readonly MarkOne[]) => Promise<void> {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  return useCallback(
    async (changes) => {
      for (const { asset, change } of changes) writeMarks(client, asset.id, change);
      const left = [...changes];
      let failure: unknown = null;
      const send = async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) {
          const { asset, change } = next;
          const params = { path: { asset_id: asset.id } };
          try {
            await data(platform.PATCH("/api/assets/{asset_id}", { params, body: change }));
          } catch (error) {
            failure = error;
            writeMarks(client, asset.id, { favourite: asset.favourite, tags: asset.tags });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, send));
      if (failure !== null) toast({ text: asProblem(failure).message || t.shared.notReached });
      refreshMarked(client);
    },
    [client, t, toast],
  );
}

/** The changes that make all pictures favourites, or none of them if all are. */
export function toggleFavourites(assets: readonly MarkOne["asset"][]): MarkOne[] {
  const favourite = !assets.every((asset) => asset.favourite);
  return assets.filter((asset) => asset.favourite !== favourite).map((asset) => ({ asset, change: { favourite } }));
}

/** The changes that add a tag to the pictures that lack it. */
export function addTag(assets: readonly MarkOne["asset"][], tag: string): MarkOne[] {
  const name = tag.trim();
  const has = ({ tags }: MarkOne["asset"]) => tags.some((other) => other.toLowerCase() === name.toLowerCase());
  if (name === "") return [];
  return assets
    .filter((asset) => !has(asset))
    .map((asset) => ({ asset, change: { tags: [...asset.tags, name].sort((a, b) => a.localeCompare(b)) } }));
}

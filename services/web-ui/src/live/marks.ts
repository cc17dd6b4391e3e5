/** Writes favourites and tags into the query cache. */
import type { QueryClient } from "@tanstack/react-query";
import type { LibraryFilter } from "~/api/library";
import { assetQuery } from "~/api/queries";
import type { Asset, Marks } from "~/api/types";

/** Change the marks of a picture in every list that has it. */
export function writeMarks(client: QueryClient, assetId: string, marks: Partial<Marks>): void {
  client.setQueryData(assetQuery(assetId).queryKey, (known) => known && { ...known, ...marks });
  for (const list of ["day", "of"]) {
    client.setQueriesData<Asset[]>({ queryKey: ["assets", list] }, (assets) =>
      assets?.some(({ id }) => id === assetId)
        ? assets.map((asset) => (asset.id === assetId ? { ...asset, ...marks } : asset))
        : assets,
    );
  }
}

/** Read again what depends on marks: the tags, and lists that are filtered by marks. */
export function refreshMarked(client: QueryClient): void {
  void client.invalidateQueries({
    predicate: ({ queryKey: [noun, list, filter] }) => {
      if (noun !== "assets") return false;
      const { favourite, tag } = (typeof filter === "object" && filter !== null ? filter : {}) as LibraryFilter;
      return list === "tags" || favourite !== undefined || tag !== undefined;
    },
  });
}

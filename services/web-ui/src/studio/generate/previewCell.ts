import type { Job } from "~/api/types";

/** Return where a preview shows an output, as custom properties of `img.cell`; null if it does not show it. */
export function previewCell(grid: Job["preview_grid"], index: number) {
  const { first = 0, count = 1, columns = 1 } = grid ?? {};
  const place = index - first;
  if (place < 0 || place >= count) return null;
  return {
    "--columns": columns,
    "--rows": Math.ceil(count / columns),
    "--column": place % columns,
    "--row": Math.floor(place / columns),
  } as const;
}

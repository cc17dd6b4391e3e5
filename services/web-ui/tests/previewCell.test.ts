import { describe, expect, it } from "vitest";
import { previewCell } from "~/studio/generate/previewCell";

describe("the place of a picture in a preview", () => {
  const grid = { first: 6, count: 5, columns: 3 };

  it("is counted row by row", () => {
    expect(previewCell(grid, 10)).toEqual({ "--columns": 3, "--rows": 2, "--column": 1, "--row": 1 });
  });

  it("is nowhere for pictures of other batches", () => {
    expect([previewCell(grid, 5), previewCell(grid, 11)]).toEqual([null, null]);
  });

  it("is the whole preview of a worker that sends no grid", () => {
    expect(previewCell(null, 0)).toEqual({ "--columns": 1, "--rows": 1, "--column": 0, "--row": 0 });
    expect(previewCell(null, 1)).toBeNull();
  });
});

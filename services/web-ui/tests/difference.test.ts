import { describe, expect, it } from "vitest";
import { differenceOf, type Pixels } from "~/studio/compare/difference";

const picture = (...pixels: [number, number, number][]): Pixels => ({
  width: pixels.length,
  height: 1,
  data: new Uint8ClampedArray(pixels.flatMap((pixel) => [...pixel, 255])),
});

describe("the difference of two pictures", () => {
  it("is nothing for equal pixels, and its map is black", () => {
    const same = picture([10, 20, 30], [0, 0, 0]);
    const { most, share, heat } = differenceOf(same, picture([10, 20, 30], [0, 0, 0]));
    expect({ most, share }).toEqual({ most: 0, share: 0 });
    expect([...heat.data]).toEqual([0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it("is that of the channel that differs most, in either direction", () => {
    const { most, share } = differenceOf(picture([10, 20, 30], [5, 5, 5]), picture([11, 13, 30], [5, 5, 5]));
    expect({ most, share }).toEqual({ most: 7, share: 0.5 });
  });

  it("is drawn brighter where it is larger", () => {
    const { heat } = differenceOf(
      picture([0, 0, 0], [0, 0, 0], [0, 0, 0]),
      picture([0, 0, 0], [16, 0, 0], [255, 0, 0]),
    );
    const sums = [0, 4, 8].map((at) => heat.data.slice(at, at + 3).reduce((sum, value) => sum + value, 0));
    expect(sums[0]).toBe(0);
    expect(sums[1]).toBeGreaterThan(100);
    expect(sums[2]).toBeGreaterThan(sums[1] ?? 0);
  });

  it("does not include transparency", () => {
    const clear: Pixels = { width: 1, height: 1, data: new Uint8ClampedArray([1, 2, 3, 0]) };
    expect(differenceOf(clear, picture([1, 2, 3])).most).toBe(0);
  });

  it("is an error for pictures of different sizes", () => {
    expect(() => differenceOf(picture([0, 0, 0]), picture([0, 0, 0], [0, 0, 0]))).toThrow(RangeError);
  });
});

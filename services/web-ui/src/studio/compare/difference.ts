/** How two pictures of the same size differ, channel by channel. Alpha is not compared. */

export interface Pixels {
  width: number;
  height: number;
  /** Red, green, blue and alpha of each pixel, 0 to 255. */
  data: Uint8ClampedArray;
}

export interface Difference {
  /** The largest difference of any channel, 0 to 255. */
  most: number;
  /** The share of pixels with any difference, 0 to 1. */
  share: number;
  /** A picture of the same size: black where both are equal, brighter where they differ more. */
  heat: Pixels;
}

/** Differences of up to this many steps of 255 can come from a batch of another size, and cannot be seen. */
export const NEAR = 1;

export function differenceOf(first: Pixels, second: Pixels): Difference {
  if (first.width !== second.width || first.height !== second.height) throw new RangeError("sizes differ");
  const heat = new Uint8ClampedArray(first.data.length);
  const by = new Uint8Array(first.data.length / 4);
  let most = 0;
  let changed = 0;
  for (let pixel = 0; pixel < by.length; pixel++) {
    let largest = 0;
    for (let channel = pixel * 4; channel < pixel * 4 + 3; channel++) {
      largest = Math.max(largest, Math.abs((first.data[channel] ?? 0) - (second.data[channel] ?? 0)));
    }
    by[pixel] = largest;
    most = Math.max(most, largest);
    if (largest > 0) changed++;
  }
  for (let pixel = 0; pixel < by.length; pixel++) paint(heat, pixel * 4, most === 0 ? 0 : (by[pixel] ?? 0) / most);
  const { width, height } = first;
  return { most, share: changed / by.length, heat: { width, height, data: heat } };
}

/** Paint one pixel: black, red, amber, white, by a square root, so that small differences can be seen. */
function paint(heat: Uint8ClampedArray, at: number, share: number): void {
  const level = Math.sqrt(share) * 3;
  heat[at] = Math.min(level, 1) * 255;
  heat[at + 1] = Math.min(Math.max(level - 1, 0), 1) * 225;
  heat[at + 2] = Math.max(level - 2, 0) * 235;
  heat[at + 3] = 255;
}

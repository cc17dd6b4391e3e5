/** Turns counts of ten-second buckets into a rate. */
import type { Bucket } from "~/api/queue";

const SPAN = 6;

/** Return, for each complete bucket, the sum over the minute that ends with it. */
export function perMinute(
  buckets: readonly Bucket[],
  count: (bucket: Bucket) => number,
): { at: number; value: number }[] {
  const complete = buckets.slice(0, -1);
  return complete.slice(SPAN - 1).map(({ at }, index) => {
    const value = complete.slice(index, index + SPAN).reduce((sum, bucket) => sum + count(bucket), 0);
    return { at, value };
  });
}

import type { CSSProperties } from "react";

/** Return custom properties as a style. React sets them through the DOM, which the CSP permits. */
export function vars(values: Record<`--${string}`, string | number>): CSSProperties {
  return values as CSSProperties;
}

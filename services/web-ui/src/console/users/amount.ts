/** Return an amount of credits from text, or null if it is none: thousandths at most, a comma or a point, not 0. */
export function amountOf(text: string): number | null {
  const match = /^\s*([+\-−]?)(\d{1,9})(?:[.,](\d{1,3}))?\s*$/u.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "0", part = ""] = match;
  const value = Number(`${whole}.${part || "0"}`);
  if (value === 0) return null;
  return sign === "-" || sign === "−" ? -value : value;
}

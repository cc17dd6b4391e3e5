/** Return the end of an id, by which rows can be told apart. */
export function shortId(id: string): string {
  return `…${id.slice(-6)}`;
}

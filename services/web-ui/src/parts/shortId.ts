/** Return the end of an id, which distinguishes rows. */
export function shortId(id: string): string {
  return `…${id.slice(-6)}`;
}

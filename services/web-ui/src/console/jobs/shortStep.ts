/** Return the end of a step's id: of its job, and its run and number. */
export function shortStep(id: string): string {
  return id.length > 13 ? `…${id.slice(-12)}` : id;
}

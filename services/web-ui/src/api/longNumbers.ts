/** Definitions of workflows keep numbers of more than 53 bits, such as seeds of ComfyUI, digit by digit. */

const PARTS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;
const MARK = "\u0001";
const MARKED = /"\\u0001(-?\d+)"/g;

/** Parse a JSON text; long numbers become texts that begin with a mark. */
export function parseMarked(json: string): unknown {
  return JSON.parse(json.replace(PARTS, (part) => (part.startsWith('"') ? part : JSON.stringify(MARK + part))));
}

/** Return the JSON text of what `parseMarked` returned, with the long numbers as they were. */
export function printMarked(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(MARKED, "$1");
}

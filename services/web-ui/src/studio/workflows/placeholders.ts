/** What can be chosen in a workflow: the placeholders of its templates. */
import type { Workflow } from "~/api/workflows";

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]{0,63})\s*\}\}/g;
/** What the built-in job types read, for workflows whose payload is the variables themselves. */
const OF_ANY_PAYLOAD = ["prompt", "negative_prompt", "seed"];

/** Return the placeholders in the order in which they first appear. References to results of steps are none. */
export function placeholdersOf({ type, data }: Pick<Workflow, "type" | "data">): string[] {
  const definition = (data ?? {}) as Record<string, unknown>;
  if (type === "direct_job" && definition["payload"] == null) return OF_ANY_PAYLOAD;
  const found = [...JSON.stringify(definition).matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
  return [...new Set(found)].filter((name) => !name.startsWith("steps."));
}

/** Return a name for people: `negative_prompt` becomes `Negative prompt`. */
export function labelOf(placeholder: string): string {
  const words = placeholder.replaceAll(/[_.-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

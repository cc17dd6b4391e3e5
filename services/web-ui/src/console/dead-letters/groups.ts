/** Groups dead letters by what went wrong. */
import type { DeadLetter } from "~/api/queue";

export interface Group {
  key: string;
  code: string;
  message: string;
  types: string[];
  letters: DeadLetter[];
  /** Unix milliseconds. */
  first: number;
  last: number;
}

/** Return the groups, the one that failed last first. */
export function groupsOf(letters: readonly DeadLetter[]): Group[] {
  const groups = new Map<string, Group>();
  for (const letter of letters) {
    const { code, message } = letter.error ?? { code: "", message: "" };
    const at = letter.completed_at ?? 0;
    const key = `${code} ${message}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { key, code, message, types: [letter.job_type], letters: [letter], first: at, last: at });
      continue;
    }
    group.letters.push(letter);
    if (!group.types.includes(letter.job_type)) group.types.push(letter.job_type);
    group.first = Math.min(group.first, at);
    group.last = Math.max(group.last, at);
  }
  return [...groups.values()].sort((a, b) => b.last - a.last);
}

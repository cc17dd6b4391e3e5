/** Pictures whose deletion can still be undone: no page shows them. */
import { useSyncExternalStore } from "react";

let hidden: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function change(next: Set<string>): void {
  hidden = next;
  for (const listener of listeners) listener();
}

export const hide = (ids: string[]): void => change(new Set([...hidden, ...ids]));

export function restore(ids: string[]): void {
  change(new Set([...hidden].filter((id) => !ids.includes(id))));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useHidden = (): ReadonlySet<string> => useSyncExternalStore(subscribe, () => hidden);

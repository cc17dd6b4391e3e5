/** What is written in the form. It survives a reload, and other pages put recipes into it. */
import { useSyncExternalStore } from "react";

export interface StartPicture {
  asset_id: string;
  thumbnail: string;
}

export interface ChosenLora {
  name: string;
  /** The factor of its effect. */
  weight: number;
}

export interface Draft {
  type: string;
  prompt: string;
  /** Null leaves the default of the model; an empty text means none. */
  negative: string | null;
  /** Empty for a new one each time. */
  seed: string;
  start: StartPicture | null;
  strength: number;
  hires: boolean;
  scale: number;
  loras: readonly ChosenLora[];
}

const KEY = "draft";
const EMPTY: Draft = {
  type: "",
  prompt: "",
  negative: null,
  seed: "",
  start: null,
  strength: 0.75,
  hires: false,
  scale: 2,
  loras: [],
};

const listeners = new Set<() => void>();
let draft: Draft = read();

function read(): Draft {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...EMPTY, ...(stored as Partial<Draft>) };
  } catch {
    return EMPTY;
  }
}

export function changeDraft(changes: Partial<Draft>): void {
  draft = { ...draft, ...changes };
  localStorage.setItem(KEY, JSON.stringify(draft));
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraft(): Draft {
  return useSyncExternalStore(subscribe, () => draft);
}

/** Return how many of the advanced settings differ from their defaults, of those that the job type takes. */
export function changedSettings({ start, hires, loras }: Draft, takes: (parameter: string) => boolean): number {
  return (
    Number(start !== null && takes("init_image")) +
    Number(hires && takes("hires")) +
    (takes("loras") ? loras.length : 0)
  );
}

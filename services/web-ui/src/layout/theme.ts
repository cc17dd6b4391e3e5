/** The theme: dark, light, or that of the system. `public/ui/theme.js` applies it before the first paint. */
import { useSyncExternalStore } from "react";

export const THEMES = ["dark", "light", "auto"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "theme";
const listeners = new Set<() => void>();

function stored(): Theme {
  const theme = localStorage.getItem(KEY);
  return THEMES.find((known) => known === theme) ?? "dark";
}

function apply(): void {
  document.documentElement.dataset["theme"] = stored();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", apply);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("storage", apply);
  };
}

/** The theme, and a function that changes it in all tabs. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribe, stored);
  const choose = (chosen: Theme) => {
    localStorage.setItem(KEY, chosen);
    apply();
  };
  return [theme, choose];
}

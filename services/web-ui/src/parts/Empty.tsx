/** An empty page: one sentence and one way on. */
import type { ReactNode } from "react";

export function Empty({ text, hint, children }: { text: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="empty tall">
      <svg className="trayart" viewBox="0 0 160 104" aria-hidden="true">
        <path d="M18 46h124l-12 44a6 6 0 0 1-6 4H36a6 6 0 0 1-6-4z" />
        <path d="M10 46h140" />
        <path className="w" d="M30 62c10-5 18 5 28 0s18 5 28 0 18 5 28 0 12 2 16 0" />
        <rect className="p" x="54" y="10" width="52" height="52" rx="2" transform="rotate(-7 80 36)" />
        <path className="r" d="m57 49 13-15 10 9 8-9 15 12" />
      </svg>
      <p>{text}</p>
      {hint && <p className="dim">{hint}</p>}
      {children}
    </div>
  );
}

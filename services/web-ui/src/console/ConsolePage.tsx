/** A page of the console with its heading. */
import type { ReactNode } from "react";

export function ConsolePage({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  return (
    <main id="main" className="page">
      <div className="head">
        <div>
          <h1>{title}</h1>
          <p className="sub">{lead}</p>
        </div>
      </div>
      {children}
    </main>
  );
}

/** A placeholder in the final size, shown only if loading takes longer than a blink. */
import { useEffect, useState } from "react";

const BLINK_MS = 150;

export function Skeleton({ rows = 3, height = 40 }: { rows?: number; height?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), BLINK_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="stack s2" aria-busy="true" style={{ minHeight: rows * (height + 8) }}>
      {late && Array.from({ length: rows }, (_, row) => <div key={row} className="skel" style={{ height }} />)}
    </div>
  );
}

/** The event tail of the console: it goes on while other pages of the console are shown. */
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { EventTail, type Tail } from "./EventTail";

const TailContext = createContext<EventTail | null>(null);

export function TailProvider({ children }: { children: ReactNode }) {
  const [tail] = useState(() => new EventTail());
  useEffect(() => () => tail.close(), [tail]);
  return <TailContext value={tail}>{children}</TailContext>;
}

/** Start the tail with the first page that shows it. */
export function useTail(): [Tail, EventTail] {
  const tail = useContext(TailContext);
  if (tail === null) throw new Error("used outside of TailProvider");
  useEffect(() => tail.open(), [tail]);
  return [useSyncExternalStore(tail.subscribe, tail.current), tail];
}

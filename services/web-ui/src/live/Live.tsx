/** Connects the pages below it to the event stream and gives them the state of the connection. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { meQuery } from "~/api/queries";
import { applyToCache } from "./cache";
import { connect } from "./connect";
import type { LinkState } from "./protocol";
import { onSignedOut } from "./session";

export interface Link {
  state: LinkState;
  /** When the state began, in Unix milliseconds. */
  since: number;
}

const START: Link = { state: "connecting", since: 0 };
const LinkContext = createContext<Link>(START);

export function Live({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [link, setLink] = useState<Link>(START);
  useEffect(
    () =>
      connect((message) => {
        applyToCache(client, message);
        if (message.kind !== "link") return;
        setLink({ state: message.state, since: message.since });
        if (message.state === "signed-out") void client.invalidateQueries({ queryKey: meQuery.queryKey });
      }),
    [client],
  );
  useEffect(() => onSignedOut(() => void client.resetQueries({ queryKey: meQuery.queryKey })), [client]);
  return <LinkContext value={link}>{children}</LinkContext>;
}

export const useLink = () => useContext(LinkContext);

/** What the event stream says, in the form in which a worker hands it to the pages. */
import type { HistoryEntry, Job, Marks } from "~/api/types";

export type LinkState = "connecting" | "live" | "offline" | "signed-out";

export type LiveMessage =
  | { kind: "link"; state: LinkState; since: number }
  | { kind: "snapshot"; jobs: Job[] }
  | { kind: "job"; job: Job }
  | { kind: "history"; entry: HistoryEntry }
  | { kind: "asset-updated"; assetId: string; marks: Marks }
  | { kind: "asset-deleted"; assetId: string; jobId: string };

export type PageMessage = { kind: "hello" } | { kind: "bye" };

export type Listener = (message: LiveMessage) => void;

/** In place of what has not been read: a placeholder, a sentence if it does not exist, or why it cannot be read. */
import type { UseQueryResult } from "@tanstack/react-query";
import { asProblem } from "~/api/problem";
import { Empty } from "./Empty";
import { ErrorNotice } from "./ErrorNotice";
import { Skeleton } from "./Skeleton";

interface NotLoadedProps {
  of: Pick<UseQueryResult, "error" | "refetch">;
  /** The sentence for what does not exist. */
  gone: string;
  hint?: string;
}

export function NotLoaded({ of, gone, ...hint }: NotLoadedProps) {
  if (of.error === null) return <Skeleton rows={6} />;
  if (asProblem(of.error).status === 404) return <Empty text={gone} {...hint} />;
  return <ErrorNotice error={of.error} onRetry={() => void of.refetch()} />;
}

/** What a page reads: a placeholder until it is there, one sentence if it does not exist, or why it cannot be read. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { asProblem } from "~/api/problem";
import { Empty } from "./Empty";
import { ErrorNotice } from "./ErrorNotice";
import { Skeleton } from "./Skeleton";

interface LoadedProps<Data> {
  of: UseQueryResult<Data>;
  /** The sentence for what does not exist. */
  gone: string;
  rows?: number;
  children: (data: Data) => ReactNode;
}

export function Loaded<Data>({ of, gone, rows = 6, children }: LoadedProps<Data>) {
  if (of.data !== undefined) return children(of.data);
  if (of.error === null) return <Skeleton rows={rows} />;
  if (asProblem(of.error).status === 404) return <Empty text={gone} />;
  return <ErrorNotice error={of.error} onRetry={() => void of.refetch()} />;
}

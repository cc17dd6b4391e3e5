/** The filter of the library, kept in the address so that it survives reloading and can be shared. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { LibraryFilter } from "~/api/library";

export function useFilter(): [LibraryFilter, (filter: LibraryFilter) => void] {
  const [params, setParams] = useSearchParams();
  const jobType = params.get("type");
  const mimeType = params.get("kind");
  const filter = useMemo<LibraryFilter>(
    () => ({ ...(jobType ? { job_type: jobType } : {}), ...(mimeType ? { mime_type: mimeType } : {}) }),
    [jobType, mimeType],
  );
  const choose = useCallback(
    ({ job_type, mime_type }: LibraryFilter) => {
      setParams(
        { ...(job_type ? { type: job_type } : {}), ...(mime_type ? { kind: mime_type } : {}) },
        { replace: true },
      );
    },
    [setParams],
  );
  return [filter, choose];
}

/** The filter of the library, kept in the address so that it survives reloading and can be shared. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { LibraryFilter } from "~/api/library";

export function useFilter(): [LibraryFilter, (filter: LibraryFilter) => void] {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(text)), [text]);
  const choose = useCallback((next: LibraryFilter) => setParams(paramsOf(next), { replace: true }), [setParams]);
  return [filter, choose];
}

/** Return the filter of an address. */
export function filterOf(params: URLSearchParams): LibraryFilter {
  const filter: LibraryFilter = {};
  const [type, kind, model, q] = ["type", "kind", "model", "q"].map((name) => params.get(name));
  if (type) filter.job_type = type;
  if (kind) filter.mime_type = kind;
  if (model) filter.model = model;
  if (q?.trim()) filter.q = q;
  if (params.has("fav")) filter.favourite = true;
  const tags = params.getAll("tag").filter(Boolean);
  if (tags.length > 0) filter.tag = tags;
  return filter;
}

/** Return the address of a filter. */
export function paramsOf({ job_type, mime_type, model, q, favourite, tag }: LibraryFilter): URLSearchParams {
  const params = new URLSearchParams();
  if (q) params.set("q", q);
  if (job_type) params.set("type", job_type);
  if (mime_type) params.set("kind", mime_type);
  if (model) params.set("model", model);
  if (favourite) params.set("fav", "1");
  for (const each of tag ?? []) params.append("tag", each);
  return params;
}

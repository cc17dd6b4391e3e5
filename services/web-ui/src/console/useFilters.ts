/** Filters of a page, kept in its address so that they survive reloading and can be shared. */
import { useCallback } from "react";
import { useSearchParams } from "wouter";

type Filters<Name extends string> = Record<Name, string>;

/** Return the filters, empty where the address has none, and a function that changes some of them. */
export function useFilters<Name extends string>(
  names: readonly Name[],
): [Filters<Name>, (changes: Partial<Filters<Name>>) => void] {
  const [params, setParams] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as Filters<Name>;
  const change = useCallback(
    (changes: Partial<Filters<Name>>) =>
      setParams(
        (old) => {
          const changed = new URLSearchParams(old);
          for (const [name, value] of Object.entries<string | undefined>(changes)) {
            if (value) changed.set(name, value);
            else changed.delete(name);
          }
          return changed;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [filters, change];
}

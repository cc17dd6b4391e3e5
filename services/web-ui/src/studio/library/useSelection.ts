/** The chosen pictures. With Shift, everything that was loaded between the last choice and this one joins. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { Asset } from "~/api/types";
import type { MarkOne } from "../useMark";

export interface Selection {
  picking: boolean;
  chosen: ReadonlyMap<string, Asset>;
  begin: () => void;
  clear: () => void;
  /** Note changed marks of chosen pictures. */
  update: (changes: readonly MarkOne[]) => void;
  toggle: (asset: Asset, position: number, extend: boolean) => void;
}

export function useSelection(): Selection {
  const client = useQueryClient();
  const [picking, setPicking] = useState(false);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Asset>>(new Map());
  const last = useRef<Asset | null>(null);

  return useMemo(() => {
    const between = (one: Asset, other: Asset): Asset[] => {
      const [older, newer] = one.id < other.id ? [one.id, other.id] : [other.id, one.id];
      const loaded = client.getQueriesData<Asset[]>({ queryKey: ["assets", "day"] });
      const assets = loaded.flatMap(([, found]) => found ?? []);
      return assets.filter(({ id }) => older <= id && id <= newer);
    };
    return {
      picking: picking || chosen.size > 0,
      chosen,
      begin: () => setPicking(true),
      clear: () => {
        setPicking(false);
        setChosen(new Map());
      },
      update: (changes) =>
        setChosen((before) => {
          const next = new Map(before);
          for (const { asset, change } of changes) {
            const known = next.get(asset.id);
            if (known) next.set(asset.id, { ...known, ...change });
          }
          return next;
        }),
      toggle: (asset, _position, extend) => {
        const from = last.current;
        last.current = asset;
        setChosen((before) => {
          const next = new Map(before);
          if (extend && from !== null) for (const each of between(from, asset)) next.set(each.id, each);
          else if (!next.delete(asset.id)) next.set(asset.id, asset);
          return next;
        });
      },
    };
  }, [client, picking, chosen]);
}

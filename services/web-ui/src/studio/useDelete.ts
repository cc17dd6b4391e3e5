/** Deletes pictures with a way back: the request is sent when the time for undoing is over, or the page closes. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { data, platform } from "~/api/client";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { useNotices } from "~/parts/Notices";
import { hide, restore } from "./hidden";

export function useDelete(): (assetIds: string[]) => void {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  return useCallback(
    (assetIds: string[]) => {
      let undone = false;
      hide(assetIds);
      const leave = () => {
        for (const id of assetIds) void fetch(`/api/assets/${id}`, { method: "DELETE", keepalive: true });
      };
      addEventListener("pagehide", leave, { once: true });
      const finish = async () => {
        removeEventListener("pagehide", leave);
        if (undone) return;
        const requests = assetIds.map((asset_id) =>
          data(platform.DELETE("/api/assets/{asset_id}", { params: { path: { asset_id } } })),
        );
        const failed = (await Promise.allSettled(requests)).filter((done) => done.status === "rejected");
        const missing = failed.filter(({ reason }) => asProblem(reason).status !== 404);
        if (missing.length > 0) {
          restore(assetIds);
          toast({ text: asProblem(missing[0]?.reason).message || t.shared.notReached });
        }
        await client.invalidateQueries({ queryKey: ["assets"] });
      };
      toast({
        text: t.viewer.deleted(assetIds.length),
        action: {
          label: t.shared.undo,
          run: () => {
            undone = true;
            restore(assetIds);
          },
        },
        onGone: () => void finish(),
      });
    },
    [client, t, toast],
  );
}

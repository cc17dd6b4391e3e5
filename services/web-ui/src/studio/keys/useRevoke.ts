/** Revokes a key. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keysQuery, revokeKey } from "~/api/apiKeys";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { useNotices } from "~/parts/Notices";

export function useRevoke() {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  return useMutation({
    mutationFn: revokeKey,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
      toast({ text: t.apiKeys.revoked });
    },
    onError: (error) => toast({ text: asProblem(error).message || t.shared.notReached }),
  });
}

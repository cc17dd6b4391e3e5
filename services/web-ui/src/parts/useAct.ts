/** Something the user does to the server. A toast says what was done, or why it failed. */
import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { asProblem, type Problem } from "~/api/problem";
import { useText } from "~/i18n";
import { useNotices } from "./Notices";

interface Act<Of> {
  /** Does it, and returns the sentence that says what was done. */
  run: (of: Of) => Promise<string>;
  /** The queries whose data it changes. */
  changes?: QueryKey;
  /** Whether it may be sent again after an outage, because doing it twice is the same as once; by default yes. */
  isRepeatable?: boolean;
  /** The sentence for a failure that needs one besides the server's own. */
  explain?: (problem: Problem) => string | undefined;
  onSettled?: () => void;
}

export function useAct<Of = void>({ run, changes, isRepeatable = true, explain, onSettled }: Act<Of>) {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  return useMutation({
    mutationFn: run,
    ...(isRepeatable ? {} : { retry: false }),
    onSuccess: async (sentence) => {
      toast({ text: sentence });
      if (changes !== undefined) await client.invalidateQueries({ queryKey: changes });
    },
    onError: (error) => {
      const problem = asProblem(error);
      toast({ text: explain?.(problem) ?? (problem.message || t.shared.notReached) });
    },
    ...(onSettled === undefined ? {} : { onSettled }),
  });
}

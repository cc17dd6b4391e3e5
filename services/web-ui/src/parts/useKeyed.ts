/** Requests that must not be done twice: one that is sent again after a failure has the idempotency key that it had. */
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { newIdempotencyKey } from "~/api/client";

/** Return a mutation whose `ask` sends a request. Retries send what was asked, whatever the form says by then. */
export function useKeyed<Asked, Answer>(
  send: (asked: Asked, key: string) => Promise<Answer>,
  onSuccess: (answer: Answer) => Promise<void> | void,
) {
  const last = useRef<{ text: string; key: string } | null>(null);
  const { mutate, mutateAsync, error, isPending } = useMutation({
    mutationFn: ({ asked, key }: { asked: Asked; key: string }) => send(asked, key),
    onSuccess: async (answer) => {
      last.current = null;
      await onSuccess(answer);
    },
  });
  const keyed = (asked: Asked) => {
    const text = JSON.stringify(asked);
    if (last.current?.text !== text) last.current = { text, key: newIdempotencyKey() };
    return { asked, key: last.current.key };
  };
  return {
    ask: (asked: Asked) => mutate(keyed(asked)),
    /** As `ask`, with a promise of the answer. */
    askAsync: (asked: Asked) => mutateAsync(keyed(asked)),
    error,
    isPending,
  };
}

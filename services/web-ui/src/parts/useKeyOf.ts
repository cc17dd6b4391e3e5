/** Idempotency keys: the same request that is sent again has the same key. */
import { useRef } from "react";
import { newIdempotencyKey } from "~/api/client";

/** Return a function that gives the key of a request: a new one as soon as the request differs from the last. */
export function useKeyOf(): (request: string) => string {
  const last = useRef({ request: "", key: "" });
  return (request) => {
    if (last.current.key === "" || last.current.request !== request) {
      last.current = { request, key: newIdempotencyKey() };
    }
    return last.current.key;
  };
}

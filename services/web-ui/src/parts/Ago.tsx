/** A time relative to now, with the exact one on hover. */
import { useFormat } from "~/i18n";
import { useNow } from "./useNow";

export function Ago({ at }: { at: string | number }) {
  const format = useFormat();
  const now = useNow(20_000);
  const time = new Date(at);
  return (
    <time dateTime={time.toISOString()} title={format.exact(time)}>
      {format.ago(time, now)}
    </time>
  );
}

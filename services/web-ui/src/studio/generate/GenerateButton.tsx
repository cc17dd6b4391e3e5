/** The one primary button of the studio: what it makes, what it costs and how long it takes. */
import { isVideo, type JobType } from "~/api/types";
import { useFormat, useText } from "~/i18n";

export function GenerateButton({ type, busy }: { type: JobType | undefined; busy: boolean }) {
  const t = useText();
  const format = useFormat();
  const does = type === undefined || isVideo(type.mime_type) ? t.studio.generate : t.studio.generateN(type.outputs);
  return (
    <button type="submit" className="btn primary lg gen" aria-disabled={type === undefined || busy}>
      <span>{busy ? t.studio.sending : does}</span>
      {type && (
        <span className="price">
          {format.credits(type.price)}
          {type.eta && (
            <>
              <span className="dotsep">·</span>≈ {format.interval(type.eta.min_s, type.eta.max_s)}
            </>
          )}
        </span>
      )}
    </button>
  );
}

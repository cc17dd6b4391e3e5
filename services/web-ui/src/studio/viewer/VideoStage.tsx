/** A video that plays in a loop; `,` and `.` step through its frames. */
import { useRef } from "react";
import { sameOrigin } from "~/api/client";
import type { AssetWithRecipe } from "~/api/types";
import { useText } from "~/i18n";
import { useKeys } from "~/parts/useKeys";

const DEFAULT_FPS = 16;

export function VideoStage({ asset }: { asset: AssetWithRecipe }) {
  const t = useText();
  const video = useRef<HTMLVideoElement>(null);
  const fps = asset.frames && asset.duration_s ? asset.frames / asset.duration_s : DEFAULT_FPS;
  const step = (frames: number) => {
    const shown = video.current;
    if (shown === null) return;
    shown.pause();
    shown.currentTime = Math.min(shown.duration, Math.max(0, shown.currentTime + frames / fps));
  };
  useKeys({
    ",": () => step(-1),
    ".": () => step(1),
    " ": () => {
      const shown = video.current;
      if (shown?.paused) void shown.play();
      else shown?.pause();
    },
  });
  return (
    <div className="print film-print">
      <video
        ref={video}
        src={sameOrigin(asset.url)}
        {...(asset.thumbnail_url ? { poster: sameOrigin(asset.thumbnail_url) } : {})}
        aria-label={t.viewer.video}
        controls
        loop
        muted
        autoPlay
        playsInline
      />
    </div>
  );
}

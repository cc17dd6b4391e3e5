/** The picture or poster of an output: the small one where it is enough, else the full one. */
import { sameOrigin } from "~/api/client";
import { isVideo } from "~/api/types";

interface Shown {
  url: string;
  thumbnail_url?: string | null;
  mime_type: string;
  width?: number | null;
}

const THUMBNAIL_PX = 384;

export function Picture({ of, alt, sizes = "320px" }: { of: Shown; alt: string; sizes?: string }) {
  const small = of.thumbnail_url ? sameOrigin(of.thumbnail_url) : null;
  const full = isVideo(of.mime_type) ? null : sameOrigin(of.url);
  const width = of.width ?? 0;
  const srcSet = small && full && width > THUMBNAIL_PX ? `${small} ${THUMBNAIL_PX}w, ${full} ${width}w` : undefined;
  return (
    <img
      src={(width > THUMBNAIL_PX ? small : full) ?? small ?? full ?? ""}
      {...(srcSet ? { srcSet, sizes } : {})}
      alt={alt}
      loading="lazy"
      decoding="async"
      draggable={false}
    />
  );
}

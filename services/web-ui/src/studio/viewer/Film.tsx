/** The pictures of the same job. */
import type { Asset } from "~/api/types";
import { useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { Picture } from "~/parts/Picture";
import { useHidden } from "../hidden";

interface FilmProps {
  siblings: Asset[];
  shown: string;
  onShow: (id: string) => void;
}

export function Film({ siblings, shown, onShow }: FilmProps) {
  const t = useText();
  const hidden = useHidden();
  const kept = siblings.filter(({ id }) => !hidden.has(id));
  if (kept.length < 2) return null;
  return (
    <nav className="film" aria-label={t.viewer.siblings}>
      {kept.map((asset) => (
        <button
          key={asset.id}
          type="button"
          className={classes("tile", asset.id === shown && "sel")}
          {...(asset.id === shown ? { "aria-current": "true" } : {})}
          onClick={() => onShow(asset.id)}
        >
          <span className="pic">
            <Picture of={asset} alt={t.viewer.number(asset.index + 1)} sizes="64px" />
          </span>
        </button>
      ))}
    </nav>
  );
}

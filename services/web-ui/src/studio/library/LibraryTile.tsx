/** A picture of the grid: it opens, or joins the selection, and its heart marks a favourite. Marks are drawn by CSS. */
import type { MouseEvent } from "react";
import { Link } from "wouter";
import { isVideo, type Asset } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { Icon } from "~/parts/Icon";
import { Picture } from "~/parts/Picture";
import { useHidden } from "../hidden";
import { toggleFavourites, useMark } from "../useMark";
import type { Selection } from "./useSelection";

interface TileProps {
  asset: Asset;
  position: number;
  selection: Selection;
  total: number;
}

export function LibraryTile({ asset, position, selection, total }: TileProps) {
  const t = useText();
  const format = useFormat();
  const mark = useMark();
  const hidden = useHidden();
  const { picking, chosen } = selection;
  const isChosen = chosen.has(asset.id);
  const name = t.library.picture(asset.job_type, format.exact(new Date(asset.created_at)));
  if (hidden.has(asset.id)) return <div className="tile gone" />;
  const choose = (event: MouseEvent) => {
    if (!picking && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    selection.toggle(asset, position, event.shiftKey);
  };
  const favour = () => void mark(toggleFavourites([asset]));
  return (
    <div
      className={classes("tile", isChosen && "sel")}
      role="listitem"
      aria-setsize={total}
      aria-posinset={position + 1}
    >
      <Link
        className="pic"
        href={`/studio/picture/${asset.id}`}
        aria-label={name}
        data-asset={asset.id}
        onClick={choose}
        onKeyDown={(event) => {
          if (event.key !== "f" || chosen.size > 0 || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          favour();
        }}
        {...(picking ? { role: "checkbox", "aria-checked": isChosen } : {})}
      >
        <Picture of={asset} alt="" sizes="200px" />
      </Link>
      <button
        type="button"
        className="pick"
        aria-label={t.library.select(name)}
        aria-pressed={isChosen}
        onClick={(event) => selection.toggle(asset, position, event.shiftKey)}
      />
      <button
        type="button"
        className={classes("favour", asset.favourite && "fav")}
        aria-label={t.marks.favourite}
        aria-pressed={asset.favourite}
        onClick={favour}
      />
      {isVideo(asset.mime_type) && (
        <span className="tag br">
          <Icon name="play" />
          {t.studio.length(asset.duration_s ?? 0)}
        </span>
      )}
    </div>
  );
}

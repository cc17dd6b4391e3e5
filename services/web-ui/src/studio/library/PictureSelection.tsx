/** What can be done with the chosen pictures. */
import { useLocation } from "wouter";
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { SelectionBar } from "~/parts/SelectionBar";
import { useKeys } from "~/parts/useKeys";
import { TagInput } from "../TagInput";
import { useDelete } from "../useDelete";
import { useDownload } from "../useDownload";
import { addTag, toggleFavourites, useMark, type MarkOne } from "../useMark";
import type { Selection } from "./useSelection";

export function PictureSelection({ selection }: { selection: Selection }) {
  const t = useText();
  const format = useFormat();
  const remove = useDelete();
  const mark = useMark();
  const saved = useDownload();
  const chosen = [...selection.chosen.values()];
  const bytes = chosen.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const discard = () => {
    remove(chosen.map(({ id }) => id));
    selection.clear();
  };
  const download = () => saved.download(chosen);
  const change = (changes: MarkOne[]) => {
    selection.update(changes);
    void mark(changes);
  };
  const [, navigate] = useLocation();
  const [first, second, ...others] = chosen;
  const compare = () => {
    if (first && second && others.length === 0) navigate(`/studio/compare/${first.id}/${second.id}`);
  };
  const favour = () => change(toggleFavourites(chosen));
  useKeys({ Delete: discard, d: download, f: favour, c: compare });
  return (
    <SelectionBar label={t.library.actions} count={chosen.length} note={format.bytes(bytes)} onClear={selection.clear}>
      <button
        type="button"
        className="btn ghost"
        aria-label={t.shared.download}
        disabled={saved.isPending}
        onClick={download}
      >
        <Icon name="download" />
        <span className="wide">{saved.isPending ? t.library.packing : t.shared.download}</span>
      </button>
      <button
        type="button"
        className="btn ghost"
        aria-label={t.marks.favourite}
        aria-pressed={chosen.every(({ favourite }) => favourite)}
        onClick={favour}
      >
        <Icon name="heart" />
        <span className="wide">{t.marks.favourite}</span>
      </button>
      {chosen.length === 2 && (
        <button type="button" className="btn ghost" aria-label={t.compare.two} onClick={compare}>
          <Icon name="compare" />
          <span className="wide">{t.compare.two}</span>
        </button>
      )}
      <Menu className="btn ghost" label={t.marks.addTag} button={<Icon name="tag" />}>
        {() => (
          <div className="stack s2 tagmenu">
            <TagInput onAdd={(tag) => change(addTag(chosen, tag))} />
          </div>
        )}
      </Menu>
      <button
        type="button"
        className="btn ghost danger"
        aria-label={t.library.deleteN(chosen.length)}
        onClick={discard}
      >
        <Icon name="trash" />
        <span className="wide">{t.library.deleteN(chosen.length)}</span>
      </button>
    </SelectionBar>
  );
}

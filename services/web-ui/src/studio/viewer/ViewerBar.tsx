/** What can be done with the picture, above it and on phones below it. */
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";

export interface ViewerActions {
  leave: () => void;
  favourite: boolean;
  favour: () => void;
  download: () => void;
  recall: () => void;
  /** Missing if there is nothing to compare with. */
  compare: (() => void) | undefined;
  discard: () => void;
  panel: boolean;
  togglePanel: () => void;
}

interface ViewerBarProps extends ViewerActions {
  title: string;
  position: number;
  total: number;
}

export function ViewerBar({
  title,
  position,
  total,
  leave,
  favourite,
  favour,
  download,
  recall,
  compare,
  discard,
  panel,
  togglePanel,
}: ViewerBarProps) {
  const t = useText();
  return (
    <header className="vbar">
      <button type="button" className="btn ghost sm" aria-label={t.shared.back} onClick={leave}>
        <Icon name="left" />
        <span className="wide">{t.shared.back}</span>
        <kbd className="wide">{"Esc"}</kbd>
      </button>
      <h1 className="vtitle clip">{title}</h1>
      {total > 1 && <span className="faint nowrap">{t.viewer.position(position, total)}</span>}
      <span className="grow" />
      <div className="row vacts wide-flex">
        <button
          type="button"
          className="btn ghost sm heart"
          aria-label={t.marks.favourite}
          aria-pressed={favourite}
          onClick={favour}
        >
          <Icon name="heart" />
          <kbd>f</kbd>
        </button>
        <button type="button" className="btn ghost sm" aria-label={t.viewer.download} onClick={download}>
          <Icon name="download" />
          <kbd>d</kbd>
        </button>
        <button type="button" className="btn ghost sm" aria-label={t.viewer.recall} onClick={recall}>
          <Icon name="recall" />
          <kbd>r</kbd>
        </button>
        {compare && (
          <button type="button" className="btn ghost sm" aria-label={t.compare.withNext} onClick={compare}>
            <Icon name="compare" />
            <kbd>c</kbd>
          </button>
        )}
        <button type="button" className="btn ghost sm sq" aria-label={t.viewer.discard} onClick={discard}>
          <Icon name="trash" />
        </button>
        <button
          type="button"
          className="btn ghost sm sq"
          aria-pressed={panel}
          aria-label={t.viewer.panel}
          onClick={togglePanel}
        >
          <Icon name="panel" />
        </button>
      </div>
    </header>
  );
}

export function ViewerDock({ favourite, favour, download, recall, discard, panel, togglePanel }: ViewerActions) {
  const t = useText();
  return (
    <div className="vdock">
      <button
        type="button"
        className="btn ghost heart"
        aria-label={t.marks.favourite}
        aria-pressed={favourite}
        onClick={favour}
      >
        <Icon name="heart" large />
      </button>
      <button type="button" className="btn ghost" aria-label={t.viewer.download} onClick={download}>
        <Icon name="download" large />
      </button>
      <button type="button" className="btn ghost" aria-label={t.viewer.recall} onClick={recall}>
        <Icon name="recall" large />
      </button>
      <button
        type="button"
        className="btn ghost"
        aria-pressed={panel}
        aria-label={t.viewer.panel}
        onClick={togglePanel}
      >
        <Icon name="panel" large />
      </button>
      <button type="button" className="btn ghost" aria-label={t.viewer.discard} onClick={discard}>
        <Icon name="trash" large />
      </button>
    </div>
  );
}

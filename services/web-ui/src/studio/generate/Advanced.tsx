/** Settings that few pictures need: a picture to start from, and a second pass at a larger size. */
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { vars } from "~/parts/css";
import { changeDraft, changedSettings, type Draft } from "./draft";
import { StartFrom } from "./StartFrom";

export function Advanced({ draft }: { draft: Draft }) {
  const t = useText();
  const changed = changedSettings(draft);
  return (
    <details className="adv" open={changed > 0 || undefined}>
      <summary>
        <Icon name="right" />
        <span>{t.studio.advanced}</span>
        {changed > 0 && <span className="hint">{t.studio.changed(changed)}</span>}
      </summary>
      <div className="stack">
        <StartFrom draft={draft} />
        <div className="row">
          <span className="label grow" id="second-pass">
            {t.studio.secondPass}
          </span>
          <button
            type="button"
            role="switch"
            className="switch"
            aria-checked={draft.hires}
            aria-labelledby="second-pass"
            onClick={() => changeDraft({ hires: !draft.hires })}
          />
        </div>
        {draft.hires && (
          <Slider
            label={t.studio.scale}
            min={1.25}
            max={4}
            step={0.25}
            value={draft.scale}
            onChange={(scale) => changeDraft({ scale })}
          />
        )}
      </div>
    </details>
  );
}

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onChange: (value: number) => void;
}

export function Slider({ label, min, max, step, value, onChange }: SliderProps) {
  const filled = Math.round(((value - min) / (max - min)) * 100);
  return (
    <div className="field">
      <span className="label">{label}</span>
      <span className="slider" style={vars({ "--p": filled })}>
        <input
          type="range"
          aria-label={label}
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={({ target }) => onChange(target.valueAsNumber)}
        />
        <input
          className="input"
          type="number"
          aria-label={label}
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={({ target }) => {
            const entered = target.valueAsNumber;
            if (entered >= min && entered <= max) onChange(entered);
          }}
        />
      </span>
    </div>
  );
}

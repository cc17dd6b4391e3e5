/** Settings that few pictures need: LoRAs, a picture to start from, and a second pass at a larger size. */
import { useState } from "react";
import type { JobType } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { changeDraft, changedSettings, type Draft } from "./draft";
import { LoraChoices } from "./LoraChoices";
import { takes } from "./request";
import { Slider } from "./Slider";
import { StartFrom } from "./StartFrom";

export function Advanced({ draft, type }: { draft: Draft; type: JobType }) {
  const t = useText();
  const changed = changedSettings(draft, (parameter) => takes(type, parameter));
  // Opened by whatever changes a setting, and from then on as the user leaves it.
  const [chosen, choose] = useState<boolean | null>(null);
  return (
    <details className="adv" open={chosen ?? changed > 0} onToggle={({ currentTarget }) => choose(currentTarget.open)}>
      <summary>
        <Icon name="right" />
        <span>{t.studio.advanced}</span>
        {changed > 0 && <span className="hint">{t.studio.changed(changed)}</span>}
      </summary>
      <div className="stack">
        {takes(type, "loras") && <LoraChoices draft={draft} type={type} />}
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

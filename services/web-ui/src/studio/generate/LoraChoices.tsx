/** The LoRAs of the next pictures, each with the factor of its effect. */
import { useQuery } from "@tanstack/react-query";
import { lorasQuery } from "~/api/loras";
import type { JobType } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { changeDraft, type ChosenLora, type Draft } from "./draft";
import { Slider } from "./Slider";

const MOST = 8;

export function LoraChoices({ draft, type }: { draft: Draft; type: JobType }) {
  const t = useText();
  const { data: offered = [] } = useQuery(lorasQuery);
  const change = (loras: ChosenLora[]) => changeDraft({ loras });
  const left = offered.filter(
    ({ name, jobTypes }) => jobTypes.includes(type.name) && !draft.loras.some((chosen) => chosen.name === name),
  );
  if (left.length === 0 && draft.loras.length === 0) return null;
  return (
    <fieldset className="stack s2">
      <legend className="label">
        {t.studio.loras} <span className="faint">{t.studio.lorasHint}</span>
      </legend>
      {draft.loras.map(({ name, weight }) => (
        <div key={name} className="row lora">
          <div className="grow">
            <Slider
              label={name}
              min={-2}
              max={2}
              step={0.05}
              limits={[-10, 10]}
              value={weight}
              onChange={(changed) =>
                change(draft.loras.map((one) => (one.name === name ? { name, weight: changed } : one)))
              }
            />
          </div>
          <button
            type="button"
            className="btn ghost sq sm"
            aria-label={t.studio.removeLora(name)}
            onClick={() => change(draft.loras.filter((one) => one.name !== name))}
          >
            <Icon name="x" />
          </button>
        </div>
      ))}
      {left.length > 0 && draft.loras.length < MOST && (
        <span className="select">
          <select
            aria-label={t.studio.addLora}
            value=""
            onChange={({ target }) => change([...draft.loras, { name: target.value, weight: 1 }])}
          >
            <option value="">{t.studio.addLora}</option>
            {left.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <Icon name="down" />
        </span>
      )}
    </fieldset>
  );
}

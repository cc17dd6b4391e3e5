/** The presets: picking one fills the form. */
import { useQuery } from "@tanstack/react-query";
import { presetsQuery, type PresetRequest } from "~/api/presets";
import type { JobType } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { changeDraft } from "../generate/draft";
import { draftOf } from "./draftOf";
import type { PresetAct } from "./PresetDialogs";

interface PresetMenuProps {
  types: readonly JobType[];
  /** What the form would send now; undefined while there is no job type. */
  request: PresetRequest | undefined;
  onAct: (act: PresetAct) => void;
}

export function PresetMenu({ types, request, onAct }: PresetMenuProps) {
  const t = useText();
  const { data: presets = [] } = useQuery(presetsQuery);
  return (
    <Menu
      className="btn ghost sm"
      button={
        <>
          {t.presets.title}
          <Icon name="down" />
        </>
      }
    >
      {(close) => {
        const open = (next: PresetAct) => {
          close();
          onAct(next);
        };
        return (
          <>
            <ul className="prompts presets">
              {presets.map((preset) => (
                <li key={preset.id} className="row">
                  <button
                    type="button"
                    className="item grow"
                    disabled={!types.some(({ name }) => name === preset.request["jobType"])}
                    onClick={() => {
                      changeDraft(draftOf(preset));
                      close();
                    }}
                  >
                    <span className="clip">{preset.name}</span>
                  </button>
                  <button
                    type="button"
                    className="btn ghost sq sm"
                    aria-label={t.presets.rename(preset.name)}
                    onClick={() => open({ kind: "rename", preset })}
                  >
                    <Icon name="pen" />
                  </button>
                  <button
                    type="button"
                    className="btn ghost sq sm"
                    aria-label={t.presets.remove(preset.name)}
                    onClick={() => open({ kind: "delete", preset })}
                  >
                    <Icon name="trash" />
                  </button>
                </li>
              ))}
            </ul>
            {presets.length === 0 ? <p className="caption">{t.presets.none}</p> : <hr />}
            <button
              type="button"
              className="item"
              disabled={request === undefined}
              onClick={() => request && open({ kind: "save", request })}
            >
              <Icon name="plus" />
              {t.presets.save}
            </button>
          </>
        );
      }}
    </Menu>
  );
}

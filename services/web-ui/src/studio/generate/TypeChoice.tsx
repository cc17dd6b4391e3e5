/** The choice of the job type, with what it makes. */
import type { ReactNode } from "react";
import type { JobType } from "~/api/types";
import { isVideo } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";

interface TypeChoiceProps {
  types: JobType[];
  chosen: JobType | undefined;
  onChoose: (name: string) => void;
  /** Beside the label. */
  children?: ReactNode;
}

export function TypeChoice({ types, chosen, onChoose, children }: TypeChoiceProps) {
  const t = useText();
  const profile = t.studio.profiles[chosen?.profile ?? ""];
  return (
    <div className="field">
      <div className="row typehead">
        <label className="label grow" htmlFor="type">
          {t.studio.type}
        </label>
        {children}
      </div>
      <span className="select tall">
        <select
          id="type"
          value={chosen?.name ?? ""}
          aria-describedby="type-note"
          onChange={({ target }) => onChoose(target.value)}
        >
          {types.map(({ name, label, available }) => (
            <option key={name} value={name}>
              {available === false ? t.studio.notNow(label) : label}
            </option>
          ))}
        </select>
        <span className="note" id="type-note">
          {chosen && <Makes type={chosen} />}
        </span>
        <Icon name="down" />
      </span>
      {profile !== undefined && (
        <p className="row small dim profile-note">
          <Icon name="info" />
          <span>{profile}</span>
        </p>
      )}
    </div>
  );
}

function Makes({ type }: { type: JobType }) {
  const t = useText();
  const seconds = type.frames && type.fps ? Math.round(type.frames / type.fps) : 0;
  const what = isVideo(type.mime_type) ? t.studio.videoOf(seconds) : t.studio.pictures(type.outputs);
  const size = type.width && type.height ? `${type.width} × ${type.height}` : "";
  return (
    <>
      {what}
      {size && <span className="wide">, {size}</span>}
      {type.enhanced && <span>, {t.studio.enhanced}</span>}
    </>
  );
}

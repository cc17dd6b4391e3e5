/** One developing job in the strip above the result. */
import { sameOrigin } from "~/api/client";
import { promptOf, type Job } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { vars } from "~/parts/css";
import { Icon } from "~/parts/Icon";
import { useNow } from "~/parts/useNow";
import { useCancel } from "../job/actions";
import { secondsLeft } from "./progress";
import { WaitNote } from "./WaitNote";

export function RunCard({ job, onOpen }: { job: Job; onOpen: () => void }) {
  const t = useText();
  const format = useFormat();
  const now = useNow(1000);
  const cancel = useCancel();
  const runs = job.state === "running";
  const progress = Math.floor(job.progress ?? 0);
  const left = secondsLeft(job, now);
  const title = promptOf(job) || job.name;
  return (
    <article className="runcard">
      <button
        type="button"
        className={classes("tile", runs ? "developing" : "waiting", runs && !job.preview_url && "blank")}
        style={vars({ "--p": progress })}
        aria-label={t.studio.open(title)}
        onClick={onOpen}
      >
        {runs ? (
          <span className="pic">
            {job.preview_url && <img src={sameOrigin(job.preview_url)} alt={t.studio.preview} />}
          </span>
        ) : (
          <span className="mid">
            <Icon name="clock" large />
          </span>
        )}
        {runs && (
          <span className="line">
            <i />
          </span>
        )}
      </button>
      <div className="grow">
        <p className="clip strong">{title}</p>
        {runs ? (
          <p className="row">
            <span className="strong">{format.percent(progress)}</span>
            {left !== null && <span className="dim nowrap">{t.studio.left(format.seconds(left))}</span>}
            <span className="faint clip">{job.name}</span>
          </p>
        ) : (
          <WaitNote job={job} />
        )}
      </div>
      <button
        type="button"
        className="btn ghost sq sm"
        aria-label={t.studio.cancelJob(title)}
        disabled={cancel.isPending}
        onClick={() => cancel.mutate(job.id)}
      >
        <Icon name="x" />
      </button>
    </article>
  );
}

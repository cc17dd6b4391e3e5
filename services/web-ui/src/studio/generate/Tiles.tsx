/** The tiles of a job. Each keeps its place and size from submission to picture. */
import { Link } from "wouter";
import { sameOrigin } from "~/api/client";
import { isActive, isVideo, outputsOf, promptOf, type Job, type JobType, type Output } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { vars } from "~/parts/css";
import { Icon } from "~/parts/Icon";
import { Picture } from "~/parts/Picture";
import { changeDraft } from "./draft";
import { previewCell } from "./previewCell";
import { useShowForm } from "./useShowForm";

export function Tiles({ job, type }: { job: Job; type: JobType | undefined }) {
  const t = useText();
  const outputs = outputsOf(job);
  const expected = Math.max(type?.outputs ?? 0, outputs.length, 1);
  const ratio = type?.width && type.height ? type.width / type.height : 1;
  return (
    <ul
      className={classes("contact", ratio < 0.8 && "tall")}
      style={vars({ "--ar": ratio })}
      aria-label={t.studio.result}
    >
      {Array.from({ length: expected }, (_, index) => {
        const output = outputs.find((each) => each.index === index) ?? outputs[index];
        return (
          <li key={index}>
            {output ? <DoneTile job={job} output={output} /> : <PendingTile job={job} index={index} />}
          </li>
        );
      })}
    </ul>
  );
}

function DoneTile({ job, output }: { job: Job; output: Output }) {
  const t = useText();
  const showForm = useShowForm();
  const number = output.index + 1;
  const name = t.studio.pictureOf(number, promptOf(job));
  const href = `/studio/picture/${output.asset_id}`;
  const vary = () => {
    const prompt = promptOf(job);
    changeDraft({
      type: job.job_type,
      prompt,
      start: { asset_id: output.asset_id, thumbnail: linkOf(output) },
      seed: "",
    });
    showForm();
  };
  return (
    <div className="tile fresh">
      <Link className="pic" href={href} aria-label={t.studio.open(name)} data-number={number}>
        <Picture of={output} alt={name} sizes="(max-width: 719px) 46vw, 340px" />
      </Link>
      {isVideo(output.mime_type) && (
        <span className="tag tr">
          <Icon name="play" />
          {t.studio.length(output.duration_s ?? 0)}
        </span>
      )}
      <span className="tag no" aria-hidden="true">
        {number}
      </span>
      <div className="tools">
        <span className="clip">{output.seed === undefined ? number : t.studio.numberAndSeed(number, output.seed)}</span>
        {!isVideo(output.mime_type) && (
          <button type="button" className="tool" aria-label={t.studio.moreLike(name)} onClick={vary}>
            <Icon name="vary" />
          </button>
        )}
        <a className="tool" href={sameOrigin(output.url)} download aria-label={t.studio.download(name)}>
          <Icon name="download" />
        </a>
      </div>
    </div>
  );
}

const linkOf = ({ thumbnail_url, url }: Output) => sameOrigin(thumbnail_url ?? url);

function PendingTile({ job, index }: { job: Job; index: number }) {
  const t = useText();
  const format = useFormat();
  const number = <span className="tag no">{index + 1}</span>;
  if (job.state === "running") {
    const progress = Math.floor(job.progress ?? 0);
    const cell = previewCell(job.preview_grid, index);
    const preview = cell && job.preview_url;
    return (
      <div className={classes("tile", "developing", !preview && "blank")} style={vars({ "--p": progress })}>
        <div className="pic">
          {preview && <img className="cell" style={vars(cell)} src={sameOrigin(preview)} alt={t.studio.preview} />}
        </div>
        {index === 0 ? <span className="pct">{format.percent(progress)}</span> : number}
        <div className="line">
          <i />
        </div>
      </div>
    );
  }
  if (isActive(job)) {
    return (
      <div className="tile waiting">
        <div className="mid">
          <Icon name="clock" large />
          {index === 0 && t.shared.states[job.state]}
        </div>
        {index > 0 && number}
      </div>
    );
  }
  const failed = job.state === "failed";
  return (
    <div className="tile failed">
      <div className="mid">
        <Icon name={failed ? "st-fail" : "st-off"} large />
        <b>{failed ? t.studio.notDeveloped : t.shared.states.cancelled}</b>
        <span>{t.studio.notCharged}</span>
      </div>
      {number}
    </div>
  );
}

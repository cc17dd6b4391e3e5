/** The job on the sheet: its tiles, what it took, and what can be done with it. */
import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { isActive, outputsOf, promptOf, type Job, type JobType } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { Icon } from "~/parts/Icon";
import { useNotices } from "~/parts/Notices";
import { useKeys } from "~/parts/useKeys";
import { useNow } from "~/parts/useNow";
import { useCancel, useRetry } from "../job/actions";
import { recallJob } from "../recall";
import { announced, secondsLeft } from "./progress";
import { Tiles } from "./Tiles";
import { useShowForm } from "./useShowForm";
import { WaitNote } from "./WaitNote";

export function Result({ job, types }: { job: Job; types: JobType[] }) {
  const t = useText();
  const [, navigate] = useLocation();
  const outputs = outputsOf(job);
  const type = types.find(({ name }) => name === job.job_type);
  const openNumber = (number: number) => {
    const output = outputs[number - 1];
    if (output) navigate(`/studio/picture/${output.asset_id}`);
  };
  useKeys(Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [String(number), () => openNumber(number)])));
  useAnnouncements(job);
  return (
    <section aria-labelledby="result">
      <div className="sechead reshead">
        <div className="grow">
          <h2 id="result" className="clip">
            {promptOf(job) || job.name}
          </h2>
          <Facts job={job} type={type} />
        </div>
        <Actions job={job} />
      </div>
      {job.state === "failed" && (
        <div className="notice fail spaced" role="alert">
          <Icon name="st-fail" large />
          <div>
            <p className="strong">{job.error_message ?? t.shared.failed}</p>
            {outputs.length === 0 && <p>{t.studio.nothingCharged}</p>}
          </div>
        </div>
      )}
      <Tiles job={job} type={type} />
    </section>
  );
}

function Facts({ job, type }: { job: Job; type: JobType | undefined }) {
  const t = useText();
  const format = useFormat();
  const now = useNow(1000);
  const outputs = outputsOf(job);
  const label = type?.label ?? job.name;
  if (job.state === "running") {
    const left = secondsLeft(job, now);
    return (
      <p className="row">
        <span className="strong">{format.percent(job.progress ?? 0)}</span>
        {left !== null && <span className="dim nowrap">{t.studio.left(format.seconds(left))}</span>}
        <span className="faint clip">{label}</span>
      </p>
    );
  }
  if (isActive(job)) return <WaitNote job={job} />;
  const took =
    job.started_at && job.completed_at ? (Date.parse(job.completed_at) - Date.parse(job.started_at)) / 1000 : null;
  const charged = Number(job.metadata["credits_charged"] ?? 0);
  const held = Number(job.metadata["credits"] ?? 0);
  const wanted = type?.outputs ?? outputs.length;
  const partial = job.state !== "completed" && outputs.length > 0;
  return (
    <p className="row wrap faint facts">
      {partial && <span className="strong">{t.studio.partial(outputs.length, wanted)}</span>}
      <Ago at={job.completed_at ?? job.updated_at} />
      <span>{label}</span>
      {took !== null && <span>{format.seconds(took)}</span>}
      <span>{format.credits(charged)}</span>
      {held > charged && <span>{t.studio.givenBack(format.credits(held - charged))}</span>}
    </p>
  );
}

function Actions({ job }: { job: Job }) {
  const t = useText();
  const showForm = useShowForm();
  const cancel = useCancel();
  const retry = useRetry();
  if (isActive(job)) {
    return (
      <div className="btns">
        <button type="button" className="btn sm" disabled={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
          <Icon name="x" />
          {t.shared.cancel}
        </button>
        <Details job={job} />
      </div>
    );
  }
  return (
    <div className="btns">
      {job.state === "failed" && (
        <button type="button" className="btn sm" disabled={retry.isPending} onClick={() => retry.mutate(job.id)}>
          <Icon name="replay" />
          {t.shared.retry}
        </button>
      )}
      <button
        type="button"
        className="btn sm"
        onClick={() => {
          recallJob(job);
          showForm();
        }}
      >
        <Icon name="recall" />
        {t.studio.useAgain}
      </button>
      <Details job={job} />
    </div>
  );
}

function Details({ job }: { job: Job }) {
  const t = useText();
  return (
    <Link className="btn sm sq" href={`/studio/jobs/${job.id}`} aria-label={t.studio.details}>
      <Icon name="info" />
    </Link>
  );
}

/** Say quarters of the progress and the end, not every percentage. */
function useAnnouncements(job: Job): void {
  const t = useText();
  const { announce } = useNotices();
  const step = job.state === "running" ? announced(job.progress ?? 0) : job.state;
  const last = useRef({ id: job.id, step });
  useEffect(() => {
    const before = last.current;
    last.current = { id: job.id, step };
    if (before.id !== job.id || before.step === step || step === 0) return;
    announce(typeof step === "number" ? t.studio.announced(step) : t.shared.states[step]);
  }, [announce, job.id, step, t]);
}

/** One job: its state, why it waits, its timeline, its request and everything that happened to it. */
import { useQuery } from "@tanstack/react-query";
import { historyQuery, jobQuery, jobTypesQuery } from "~/api/queries";
import { isActive, outputsOf, type Job } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { CopyText } from "~/parts/CopyText";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { NotLoaded } from "~/parts/NotLoaded";
import { shortId } from "~/parts/shortId";
import { Status } from "~/parts/Status";
import { Tiles } from "../generate/Tiles";
import { useCancel, useRetry } from "./actions";
import { Feed } from "./Feed";
import { RequestPanel } from "./RequestPanel";
import { Timeline } from "./Timeline";
import { WhyPanel } from "./WhyPanel";

export default function JobPage({ id }: { id: string }) {
  const t = useText();
  const job = useQuery(jobQuery(id));
  const history = useQuery(historyQuery(id));
  const types = useQuery(jobTypesQuery);
  if (job.data === undefined) {
    return (
      <main id="main" className="page jobpage">
        <NotLoaded of={job} gone={t.job.gone} />
      </main>
    );
  }
  const type = types.data?.find(({ name }) => name === job.data.job_type);
  const waits = job.data.state === "queued" || job.data.state === "delayed";
  return (
    <main id="main" className="page jobpage">
      <Head job={job.data} />
      {job.data.error_message !== null && (
        <div className="notice fail">
          <Icon name="st-fail" large />
          <p className="strong">{job.data.error_message}</p>
        </div>
      )}
      <div className="cols21">
        <div className="stack s6">
          {waits && <WhyPanel job={job.data} />}
          {(outputsOf(job.data).length > 0 || job.data.state === "running") && (
            <section aria-label={t.studio.result}>
              <Tiles job={job.data} type={type} />
            </section>
          )}
          {history.data && <Timeline job={job.data} history={history.data} />}
          {history.error !== null && <ErrorNotice error={history.error} onRetry={() => void history.refetch()} />}
        </div>
        <div className="stack s6">
          <RequestPanel job={job.data} type={type} />
          {history.data && <Feed history={history.data} live={isActive(job.data)} />}
        </div>
      </div>
    </main>
  );
}

function Head({ job }: { job: Job }) {
  const t = useText();
  const format = useFormat();
  const cancel = useCancel();
  const retry = useRetry();
  return (
    <div className="head">
      <div>
        <div className="row wrap">
          <h1>
            {t.job.title} <span className="mono h1id">{shortId(job.id)}</span>
          </h1>
          <CopyText value={job.id} short={`${job.id.slice(0, 8)}…${job.id.slice(-6)}`} name={t.job.id} />
        </div>
        <p className="sub row wrap facts">
          <Status state={job.state} />
          {job.state === "running" && <span>{format.percent(job.progress ?? 0)}</span>}
          <span>{job.job_type}</span>
          <span>{t.job.priority(job.priority)}</span>
          <Ago at={job.created_at} />
        </p>
      </div>
      <div className="btns">
        {isActive(job) && (
          <button
            type="button"
            className="btn danger"
            disabled={cancel.isPending}
            onClick={() => cancel.mutate(job.id)}
          >
            <Icon name="x" />
            {t.shared.cancel}
          </button>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <button type="button" className="btn" disabled={retry.isPending} onClick={() => retry.mutate(job.id)}>
            <Icon name="replay" />
            {t.shared.retry}
          </button>
        )}
      </div>
    </div>
  );
}

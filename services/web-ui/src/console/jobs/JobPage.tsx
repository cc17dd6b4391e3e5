/** One step of the queue: its status, why it waits, its timeline and its requirements. */
import { useQuery } from "@tanstack/react-query";
import { queueJobQuery, type QueueJob } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { CopyText } from "~/parts/CopyText";
import { Icon } from "~/parts/Icon";
import { NotLoaded } from "~/parts/NotLoaded";
import { JobActions } from "./JobActions";
import { shortStep } from "./shortStep";
import { StepFacts } from "./StepFacts";
import { StepStatus } from "./StepStatus";
import { StepTimeline } from "./StepTimeline";
import { WhyWaiting } from "./WhyWaiting";

export function JobPage({ id }: { id: string }) {
  const t = useText();
  const job = useQuery(queueJobQuery(id));
  if (job.data === undefined) {
    return (
      <main id="main" className="page">
        <h1 className="sr">{t.job.title}</h1>
        <NotLoaded of={job} gone={t.job.gone} hint={t.steps.goneHint} />
      </main>
    );
  }
  return (
    <main id="main" className="page">
      <Head job={job.data} />
      {job.data.error !== null && (
        <div className="notice fail">
          <Icon name="st-fail" large />
          <div>
            <p className="strong">{job.data.error.message}</p>
            <p className="small mono">{job.data.error.code}</p>
          </div>
        </div>
      )}
      <div className="cols21">
        <div className="stack s6">
          {job.data.status === "pending" && <WhyWaiting id={id} />}
          <StepTimeline job={job.data} />
        </div>
        <StepFacts job={job.data} />
      </div>
    </main>
  );
}

function Head({ job }: { job: QueueJob }) {
  const t = useText();
  const format = useFormat();
  return (
    <div className="head">
      <div>
        <div className="row wrap">
          <h1>
            {t.steps.step} <span className="mono h1id">{shortStep(job.job_id)}</span>
          </h1>
          <CopyText value={job.job_id} short={`${job.job_id.slice(0, 8)}…`} name={t.job.id} />
        </div>
        <p className="sub row wrap facts">
          <StepStatus status={job.status} />
          {job.status === "in_progress" && <span>{format.percent(job.progress ?? 0)}</span>}
          <span>{job.job_type}</span>
          <span>{t.job.priority(job.priority)}</span>
          <Ago at={job.created_at} />
        </p>
      </div>
      <JobActions job={job} />
    </div>
  );
}

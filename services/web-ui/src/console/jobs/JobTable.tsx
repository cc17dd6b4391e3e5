/** A row for each job of the queue. */
import { Link } from "wouter";
import { isActive, type QueueJob } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { useNow } from "~/parts/useNow";
import { RowCheck } from "../RowCheck";
import type { RowSelection } from "../useRowSelection";
import { shortStep } from "./shortStep";
import { StepStatus } from "./StepStatus";

export function JobTable({ jobs, selection }: { jobs: readonly QueueJob[]; selection: RowSelection }) {
  const t = useText();
  const now = useNow(1000);
  return (
    <table className="table cards jobst">
      <thead>
        <tr>
          <th>{t.steps.step}</th>
          <th>{t.steps.status}</th>
          <th>{t.studio.type}</th>
          <th>{t.steps.user}</th>
          <th>{t.console.worker}</th>
          <th className="num">{t.steps.attempts}</th>
          <th className="num">{t.steps.took}</th>
          <th className="num" aria-sort="descending">
            {t.steps.submitted}
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <Row key={job.job_id} job={job} now={now} selection={selection} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ job, now, selection }: { job: QueueJob; now: number; selection: RowSelection }) {
  const t = useText();
  const format = useFormat();
  const from = job.started_at ?? job.created_at;
  const to = job.completed_at ?? (isActive(job) ? Math.max(now, from) : from);
  return (
    <tr aria-selected={selection.chosen.has(job.job_id)}>
      <td className="t">
        <RowCheck id={job.job_id} label={t.steps.selectOne(shortStep(job.job_id))} selection={selection} />
        <Link
          className="link mono"
          href={`/console/jobs/${encodeURIComponent(job.job_id)}`}
          title={job.job_id}
          data-opens={job.job_id}
        >
          {shortStep(job.job_id)}
        </Link>
      </td>
      <td className="e">
        <StepStatus status={job.status} />
      </td>
      <td data-l={t.studio.type} className="clip">
        {job.job_type}
      </td>
      <td data-l={t.steps.user} className="dim clip" title={job.customer_id}>
        {job.customer_id.length > 12 ? `…${job.customer_id.slice(-6)}` : job.customer_id}
      </td>
      <td data-l={t.console.worker} className="dim clip">
        {job.worker_id ?? "–"}
      </td>
      <td data-l={t.steps.attempts} className="num">
        {t.steps.ofMost(job.attempt, job.max_attempts)}
      </td>
      <td data-l={job.started_at === null ? t.job.waited : t.steps.took} className="num dim">
        {job.started_at === null && isActive(job) && <span className="sr">{t.job.waited} </span>}
        {format.seconds((to - from) / 1000)}
      </td>
      <td data-l={t.steps.submitted} className="num dim">
        <Ago at={job.created_at} />
      </td>
    </tr>
  );
}

/** What a step needs, who runs it, and the job it belongs to. */
import { Link } from "wouter";
import type { QueueJob } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { CopyText } from "~/parts/CopyText";

export function StepFacts({ job }: { job: QueueJob }) {
  const t = useText();
  const format = useFormat();
  const needs = job.requirements;
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="ph">
        <h2 id="facts">{t.steps.facts}</h2>
      </div>
      <div className="pb">
        <dl className="kv">
          <dt>{t.steps.workflow}</dt>
          <dd>
            <CopyText value={job.workflow_id} name={t.steps.workflow} />
          </dd>
          <dt>{t.steps.user}</dt>
          <dd className="mono">{job.customer_id}</dd>
          <dt>{t.console.worker}</dt>
          <dd className="mono">{job.worker_id ?? "–"}</dd>
          <dt>{t.steps.attempts}</dt>
          <dd>{t.job.retriesOf(job.attempt, job.max_attempts)}</dd>
          <dt>{t.steps.submitted}</dt>
          <dd>{format.exact(new Date(job.created_at))}</dd>
          {job.completed_at !== null && (
            <>
              <dt>{t.steps.ended}</dt>
              <dd>{format.exact(new Date(job.completed_at))}</dd>
            </>
          )}
          {needs && (
            <>
              <dt>{t.console.models}</dt>
              <dd className="mono">{needs.models.join(", ") || "–"}</dd>
              <dt>{t.steps.memory}</dt>
              <dd>{t.console.gigabytes(needs.hardware.gpu_memory_gb)}</dd>
              <dt>{t.steps.limit}</dt>
              <dd>{format.seconds(needs.timeout_minutes * 60)}</dd>
            </>
          )}
        </dl>
        <p className="facts-more">
          <Link className="link" href={`/console/jobs?group=${encodeURIComponent(job.workflow_id)}`}>
            {t.steps.siblings}
          </Link>
        </p>
      </div>
    </section>
  );
}

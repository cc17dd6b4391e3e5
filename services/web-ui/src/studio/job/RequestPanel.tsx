/** What was asked for. */
import { promptOf, type Job, type JobType } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { CopyText } from "~/parts/CopyText";

export function RequestPanel({ job, type }: { job: Job; type: JobType | undefined }) {
  const t = useText();
  const format = useFormat();
  const { negative_prompt: negative, seed } = job.data.variables;
  const enhanced: unknown = job.metadata["enhanced_prompt"];
  const charged: unknown = job.metadata["credits_charged"];
  const size = type?.width && type.height ? `${type.width} × ${type.height}` : null;
  const frames = type?.frames && type.frames > 1 ? t.job.frames(type.frames, type.fps ?? 0) : null;
  return (
    <section className="panel" aria-labelledby="request">
      <div className="ph">
        <h2 id="request">{t.job.request}</h2>
      </div>
      <div className="pb stack">
        <p className="prompttext">{promptOf(job)}</p>
        <dl className="kv">
          <dt>{t.studio.type}</dt>
          <dd>{job.name}</dd>
          {typeof enhanced === "string" && (
            <>
              <dt>{t.job.enhanced}</dt>
              <dd className="dim">{enhanced}</dd>
            </>
          )}
          {typeof negative === "string" && negative !== "" && (
            <>
              <dt>{t.studio.leaveOut}</dt>
              <dd>{negative}</dd>
            </>
          )}
          {seed !== undefined && seed !== null && (
            <>
              <dt>{t.studio.seed}</dt>
              <dd>
                <CopyText value={String(seed)} name={t.studio.seed} />
              </dd>
            </>
          )}
          {size && (
            <>
              <dt>{t.job.output}</dt>
              <dd>{[size, frames].filter(Boolean).join(", ")}</dd>
            </>
          )}
          <dt>{t.job.price}</dt>
          <dd>{format.credits(Number(job.metadata["credits"] ?? 0))}</dd>
          {typeof charged === "number" && (
            <>
              <dt>{t.viewer.paid}</dt>
              <dd>{format.credits(charged)}</dd>
            </>
          )}
          <dt>{t.job.retries}</dt>
          <dd>{t.job.retriesOf(job.retry_count, 3)}</dd>
        </dl>
      </div>
    </section>
  );
}

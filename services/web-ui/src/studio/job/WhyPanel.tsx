/** Why a job waits: the reason, what stands before it, and when it starts. */
import { useQuery } from "@tanstack/react-query";
import { whyQuery } from "~/api/queries";
import type { Job, Why } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { vars } from "~/parts/css";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";

const AGAIN_MS = 5000;

export function WhyPanel({ job }: { job: Job }) {
  const t = useText();
  const format = useFormat();
  const why = useQuery({ ...whyQuery(job.id), refetchInterval: AGAIN_MS });
  return (
    <section className="panel why" aria-labelledby="why">
      <div className="ph">
        <h2 className="row" id="why">
          <Icon name="clock" />
          {t.job.why}
        </h2>
        {why.dataUpdatedAt > 0 && <span className="dim small">{t.job.asOf(format.clock(why.dataUpdatedAt))}</span>}
      </div>
      <div className="pb stack">
        {why.error !== null && why.data === undefined && (
          <ErrorNotice error={why.error} onRetry={() => void why.refetch()} />
        )}
        {why.data && <Reason why={why.data} />}
      </div>
    </section>
  );
}

function Reason({ why }: { why: Why }) {
  const t = useText();
  const format = useFormat();
  const step = why.steps[0];
  const sentences: Record<string, string> = t.job.reasons;
  const starts = step?.starts_in;
  return (
    <>
      <p className="whyhead">
        {sentences[why.reason] ?? why.message}{" "}
        {starts && <b>{t.job.startsIn(format.interval(starts.min_s, starts.max_s))}</b>}
      </p>
      {starts && <StartBar from={starts.min_s} to={starts.max_s} />}
      {step && (
        <dl className="kv">
          <dt>{t.job.workers}</dt>
          <dd>{format.number(step.matching_workers)}</dd>
          <dt>{t.job.aheadOf}</dt>
          <dd>{format.number(step.work_ahead)}</dd>
          <dt>{t.job.sharing}</dt>
          <dd>{format.number(step.sharing_tenants)}</dd>
          {step.missing.length > 0 && (
            <>
              <dt>{t.job.missing}</dt>
              <dd className="mono">{step.missing.join(", ")}</dd>
            </>
          )}
          {step.avoids_worker && (
            <>
              <dt>{t.job.avoids}</dt>
              <dd className="mono">{step.avoids_worker}</dd>
            </>
          )}
        </dl>
      )}
    </>
  );
}

function StartBar({ from, to }: { from: number; to: number }) {
  const t = useText();
  const format = useFormat();
  const end = Math.max(1, to * 1.25);
  const at = (seconds: number) => Math.round((100 * seconds) / end);
  return (
    <div className="etabar" role="img" aria-label={t.job.startsIn(format.interval(from, to))}>
      <span className="band" style={vars({ "--a": at(from), "--w": Math.max(2, at(to) - at(from)) })} />
      <span className="tick s" style={vars({ "--a": 0 })}>
        {t.job.now}
      </span>
      <span className="tick" style={vars({ "--a": at(to) })}>
        {format.seconds(to)}
      </span>
    </div>
  );
}

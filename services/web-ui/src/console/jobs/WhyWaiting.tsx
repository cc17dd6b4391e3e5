/** Why a step waits: the reason, who could run it, and what stands before it. */
import { useQuery } from "@tanstack/react-query";
import { queueWhyQuery } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";

export function WhyWaiting({ id }: { id: string }) {
  const t = useText();
  const format = useFormat();
  const { data: why, error, refetch, dataUpdatedAt } = useQuery(queueWhyQuery(id));
  const reasons: Record<string, string> = t.steps.reasons;
  return (
    <section className="panel why" aria-labelledby="why">
      <div className="ph">
        <h2 className="row" id="why">
          <Icon name="clock" />
          {t.job.why}
        </h2>
        {dataUpdatedAt > 0 && <span className="dim small">{t.job.asOf(format.time(dataUpdatedAt))}</span>}
      </div>
      <div className="pb stack">
        {error !== null && why === undefined && <ErrorNotice error={error} onRetry={() => void refetch()} />}
        {why?.waiting && (
          <>
            <p className="whyhead">
              {reasons[why.reason ?? ""] ?? why.reason}{" "}
              {why.start_in_s && <b>{t.job.startsIn(format.interval(...why.start_in_s))}</b>}
            </p>
            <dl className="kv">
              <dt>{t.steps.matching}</dt>
              <dd>{format.number(why.matching_workers ?? 0)}</dd>
              <dt>{t.steps.ahead}</dt>
              <dd>{format.number(why.ahead ?? 0)}</dd>
              <dt>{t.steps.tenants}</dt>
              <dd>{format.number(why.tenants ?? 0)}</dd>
              {(why.missing ?? []).length > 0 && (
                <>
                  <dt>{t.steps.missing}</dt>
                  <dd className="mono">{why.missing?.join(", ")}</dd>
                </>
              )}
              {why.avoids_worker && (
                <>
                  <dt>{t.job.avoids}</dt>
                  <dd className="mono">{why.avoids_worker}</dd>
                </>
              )}
            </dl>
          </>
        )}
      </div>
    </section>
  );
}

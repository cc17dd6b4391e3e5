/** Whether work flows: rates, the oldest wait, failures, and each queue. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { queuesQuery, seriesQuery, type Bucket, type Queues } from "~/api/queue";
import { useFormat, useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { LineChart } from "../LineChart";
import { QueueTable } from "../queues/QueueTable";
import { perMinute } from "./perMinute";
import { Services } from "./Services";

export function Overview() {
  const t = useText();
  const queues = useQuery(queuesQuery);
  const series = useQuery(seriesQuery);
  const error = queues.data === undefined ? queues.error : null;
  return (
    <ConsolePage title={t.console.overview} lead={queues.data?.paused ? t.console.allPaused : t.console.overviewLead}>
      {error !== null && <ErrorNotice error={error} onRetry={() => void queues.refetch()} />}
      {queues.isPending && <Skeleton rows={4} height={96} />}
      {queues.data && <Numbers queues={queues.data} buckets={series.data ?? []} />}
      <Services />
      {series.data && (
        <div className="cols2">
          <Panel title={t.console.completedPerMinute}>
            <LineChart
              red
              label={t.console.completedPerMinute}
              points={perMinute(series.data, ({ completed }) => completed)}
            />
          </Panel>
          <Panel title={t.console.waiting}>
            <LineChart
              label={t.console.waiting}
              points={series.data.slice(0, -1).map(({ at, waiting }) => ({ at, value: waiting }))}
            />
          </Panel>
          <Panel title={t.console.failedPerMinute}>
            <LineChart label={t.console.failedPerMinute} points={perMinute(series.data, ({ failed }) => failed)} />
          </Panel>
          <Panel title={t.console.busyWorkers}>
            <LineChart
              label={t.console.busyWorkers}
              points={series.data.slice(0, -1).map(({ at, busy_workers }) => ({ at, value: busy_workers }))}
            />
          </Panel>
        </div>
      )}
      {queues.data && (
        <section className="panel" aria-labelledby="queues">
          <div className="ph">
            <h2 id="queues">{t.console.queues}</h2>
            <Link className="btn ghost sm" href="/console/queues">
              {t.console.allQueues}
              <Icon name="right" />
            </Link>
          </div>
          <QueueTable queues={queues.data} />
        </section>
      )}
    </ConsolePage>
  );
}

function Panel({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="panel">
      <div className="ph">
        <h2>{title}</h2>
      </div>
      <div className="pb">{children}</div>
    </section>
  );
}

function Numbers({ queues, buckets }: { queues: Queues; buckets: Bucket[] }) {
  const t = useText();
  const format = useFormat();
  const sum = (of: (bucket: Bucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0);
  const failed = sum(({ failed }) => failed);
  const ended = failed + sum(({ completed }) => completed);
  const oldest = Object.entries(queues.by_type).find(([, { oldest_age_s }]) => oldest_age_s === queues.oldest_age_s);
  const numbers = [
    {
      name: t.console.finished,
      value: format.number(queues.completed_per_minute),
      unit: t.console.aMinute,
      detail: t.console.fiveMinutes,
    },
    {
      name: t.console.oldestWait,
      value: queues.oldest_age_s === null ? "–" : format.seconds(queues.oldest_age_s),
      unit: "",
      detail: queues.oldest_age_s === null ? t.console.nothingWaits : (oldest?.[0] ?? ""),
    },
    {
      name: t.console.running,
      value: format.number(queues.in_progress),
      unit: "",
      detail: t.console.waitingN(queues.pending, queues.delayed),
    },
    {
      name: t.console.failed,
      value: ended === 0 ? "–" : format.number(Math.round((1000 * failed) / ended) / 10),
      unit: ended === 0 ? "" : "%",
      detail: t.console.failedOf(failed, ended),
    },
    {
      name: t.console.etaKept,
      value: queues.eta.error === null ? "–" : format.number(Math.round((1 - queues.eta.error) * 1000) / 10),
      unit: queues.eta.error === null ? "" : "%",
      detail: t.console.samples(queues.eta.samples),
    },
  ];
  return (
    <div className="kpis">
      {numbers.map(({ name, value, unit, detail }) => (
        <div className="kpi" key={name}>
          <span className="k">{name}</span>
          <span className="v">
            {value} <small>{unit}</small>
          </span>
          <span className="d">{detail}</span>
        </div>
      ))}
    </div>
  );
}

/** The jobs of all users in the queue, the latest submitted first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { queueJobsQuery, STATUSES, type JobListFilter, type ListedStatus } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { ChoiceFilter, TextFilter } from "../FilterField";
import { TypeAndWorkerFilters } from "../TypeAndWorkerFilters";
import { useFilters } from "../useFilters";
import { useRowSelection } from "../useRowSelection";
import { JobSelection } from "./JobSelection";
import { JobTable } from "./JobTable";
import { sinceOf, SPANS, type Span } from "./since";

const NAMES = ["status", "type", "worker", "group", "since"] as const;
type Filters = Record<(typeof NAMES)[number], string>;

export function JobsPage() {
  const t = useText();
  const format = useFormat();
  const [filters, change] = useFilters(NAMES);
  const jobs = useInfiniteQuery(queueJobsQuery(filters, () => filterOf(filters)));
  const rows = (jobs.data?.pages ?? []).flatMap((page) => page.jobs);
  const isFiltered = NAMES.some((name) => filters[name] !== "");
  const selection = useRowSelection();
  const chosen = rows.filter(({ job_id }) => selection.chosen.has(job_id));
  return (
    <ConsolePage title={t.steps.title} lead={t.steps.lead}>
      <Bar filters={filters} change={change} />
      {jobs.error !== null && jobs.data === undefined && (
        <ErrorNotice error={jobs.error} onRetry={() => void jobs.refetch()} />
      )}
      {jobs.isPending && <Skeleton rows={8} />}
      {jobs.data && rows.length === 0 && (
        <Empty text={isFiltered ? t.steps.noneMatch : t.steps.none} hint={t.steps.noneHint}>
          {isFiltered && (
            <button
              type="button"
              className="btn"
              onClick={() => change({ status: "", type: "", worker: "", group: "", since: "" })}
            >
              {t.events.clear}
            </button>
          )}
        </Empty>
      )}
      {rows.length > 0 && (
        <section className="panel" aria-label={t.steps.title}>
          <JobTable jobs={rows} selection={selection} />
        </section>
      )}
      {chosen.length > 0 && <JobSelection chosen={chosen} selection={selection} />}
      {rows.length > 0 && (
        <p className="row wrap dim small">
          <span>{t.events.shown(format.number(rows.length))}</span>
          {jobs.hasNextPage && (
            <button type="button" className="btn" disabled={jobs.isFetching} onClick={() => void jobs.fetchNextPage()}>
              {t.shared.more}
            </button>
          )}
        </p>
      )}
    </ConsolePage>
  );
}

function filterOf(filters: Filters): JobListFilter {
  const since = sinceOf(filters.since, Date.now());
  const status = STATUSES.find((one) => one === filters.status);
  return {
    ...(status ? { statuses: [status] } : {}),
    jobType: filters.type,
    workerId: filters.worker,
    groupId: filters.group,
    ...(since === null ? {} : { since }),
  };
}

function Bar({ filters, change }: { filters: Filters; change: (changes: Partial<Filters>) => void }) {
  const t = useText();
  return (
    <div className="filterbar">
      <ChoiceFilter name={t.steps.status} value={filters.status} onChange={(status) => change({ status })}>
        <option value="">{t.steps.anyStatus}</option>
        {STATUSES.map((status: ListedStatus) => (
          <option key={status} value={status}>
            {t.steps.statuses[status]}
          </option>
        ))}
      </ChoiceFilter>
      <TypeAndWorkerFilters filters={filters} change={change} />
      <TextFilter name={t.steps.group} value={filters.group} onChange={(group) => change({ group })} />
      <ChoiceFilter name={t.steps.submitted} value={filters.since} onChange={(since) => change({ since })}>
        {(Object.keys(SPANS) as Span[]).map((span) => (
          <option key={span} value={span === "any" ? "" : span}>
            {t.steps.spans[span]}
          </option>
        ))}
      </ChoiceFilter>
    </div>
  );
}

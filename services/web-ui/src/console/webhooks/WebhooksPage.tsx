/** The webhook endpoints of all users, newest first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { asProblem } from "~/api/problem";
import { endpointsQuery, SYSTEM, type WatchedEndpoint } from "~/api/webhooks";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { ChoiceFilter, TextFilter } from "../FilterField";
import { useFilters } from "../useFilters";
import { useRowKeys } from "../useRowKeys";
import { EndpointState } from "./EndpointState";

const NAMES = ["state", "user"] as const;

export function WebhooksPage() {
  const t = useText();
  const [{ state, user }, change] = useFilters(NAMES);
  const endpoints = useInfiniteQuery(endpointsQuery(state, user));
  const rows = (endpoints.data?.pages ?? []).flatMap((page) => page.webhooks);
  const isAbsent = endpoints.error !== null && asProblem(endpoints.error).status === 404;
  const isFiltered = state !== "" || user !== "";
  useRowKeys();
  return (
    <ConsolePage title={t.webhooks.title} lead={t.webhooks.lead}>
      <div className="filterbar">
        <ChoiceFilter name={t.console.state} value={state} onChange={(chosen) => change({ state: chosen })}>
          <option value="">{t.webhooks.anyState}</option>
          <option value="failing">{t.webhooks.failing}</option>
          <option value="disabled">{t.webhooks.disabled}</option>
        </ChoiceFilter>
        <TextFilter name={t.steps.user} value={user} onChange={(chosen) => change({ user: chosen })} />
      </div>
      {isAbsent && <Empty text={t.webhooks.absent} hint={t.webhooks.absentHint} />}
      {endpoints.error !== null && !isAbsent && endpoints.data === undefined && (
        <ErrorNotice error={endpoints.error} onRetry={() => void endpoints.refetch()} />
      )}
      {endpoints.isPending && <Skeleton rows={5} />}
      {endpoints.data && rows.length === 0 && (
        <Empty text={isFiltered ? t.webhooks.noneMatch : t.webhooks.none}>
          {isFiltered && (
            <button type="button" className="btn" onClick={() => change({ state: "", user: "" })}>
              {t.events.clear}
            </button>
          )}
        </Empty>
      )}
      {rows.length > 0 && (
        <section className="panel" aria-label={t.webhooks.title}>
          <Endpoints rows={rows} />
        </section>
      )}
      {endpoints.hasNextPage && (
        <button
          type="button"
          className="btn"
          disabled={endpoints.isFetching}
          onClick={() => void endpoints.fetchNextPage()}
        >
          {t.shared.more}
        </button>
      )}
    </ConsolePage>
  );
}

function Endpoints({ rows }: { rows: readonly WatchedEndpoint[] }) {
  const t = useText();
  const format = useFormat();
  return (
    <table className="table cards hooks">
      <thead>
        <tr>
          <th>{t.webhooks.url}</th>
          <th>{t.console.state}</th>
          <th>{t.webhooks.events}</th>
          <th>{t.steps.user}</th>
          <th className="num">{t.webhooks.statuses.delivered}</th>
          <th className="num">{t.webhooks.statuses.failed}</th>
          <th className="num" aria-sort="descending">
            {t.apiKeys.made}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td className="t">
              <Link className="link" href={`/console/webhooks/${row.tenant}/${row.id}`} data-opens="">
                {row.url}
              </Link>
              {row.description && <p className="small faint">{row.description}</p>}
            </td>
            <td className="e">
              <EndpointState of={row} />
            </td>
            <td data-l={t.webhooks.events} className="dim small">
              {row.origin !== null ? t.webhooks.ofJobs : row.events.join(", ") || t.webhooks.allEvents}
            </td>
            <td data-l={t.steps.user} className="dim" title={row.tenant}>
              {row.tenant === SYSTEM ? SYSTEM : `…${row.tenant.slice(-6)}`}
            </td>
            <td data-l={t.webhooks.statuses.delivered} className="num">
              {format.number(row.delivered)}
            </td>
            <td data-l={t.webhooks.statuses.failed} className="num">
              {format.number(row.failed)}
            </td>
            <td data-l={t.apiKeys.made} className="num dim">
              <Ago at={row.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

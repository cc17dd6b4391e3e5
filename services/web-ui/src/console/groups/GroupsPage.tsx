/** The job groups of the queue, the latest first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { groupsQuery } from "~/api/queueGroups";
import { useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { shortId } from "~/parts/shortId";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { useRowKeys } from "../useRowKeys";
import { GroupState } from "./GroupState";

export function GroupsPage() {
  const t = useText();
  const groups = useInfiniteQuery(groupsQuery);
  const rows = (groups.data?.pages ?? []).flatMap((page) => page.job_groups);
  useRowKeys();
  return (
    <ConsolePage title={t.groups.title} lead={t.groups.lead}>
      {groups.error !== null && groups.data === undefined && (
        <ErrorNotice error={groups.error} onRetry={() => void groups.refetch()} />
      )}
      {groups.isPending && <Skeleton rows={5} />}
      {groups.data && rows.length === 0 && <Empty text={t.groups.none} hint={t.groups.noneHint} />}
      {rows.length > 0 && (
        <section className="panel" aria-label={t.groups.title}>
          <table className="table cards">
            <thead>
              <tr>
                <th>{t.groups.group}</th>
                <th>{t.steps.status}</th>
                <th>{t.studio.type}</th>
                <th>{t.groups.policy}</th>
                <th className="num">{t.groups.members}</th>
                <th className="num" aria-sort="descending">
                  {t.steps.submitted}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.job_group_id}>
                  <td className="t">
                    <Link
                      className="link mono"
                      href={`/console/groups/${row.job_group_id}`}
                      title={row.job_group_id}
                      data-opens=""
                    >
                      {shortId(row.job_group_id)}
                    </Link>
                  </td>
                  <td className="e">
                    <GroupState status={row.status} />
                  </td>
                  <td data-l={t.studio.type}>{row.job_type}</td>
                  <td data-l={t.groups.policy} className="mono small">
                    {row.policy}
                  </td>
                  <td data-l={t.groups.members} className="num">
                    {t.groups.doneOf(row.completed_count, row.total_count)}
                  </td>
                  <td data-l={t.steps.submitted} className="num dim">
                    <Ago at={row.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {groups.hasNextPage && (
        <button type="button" className="btn" disabled={groups.isFetching} onClick={() => void groups.fetchNextPage()}>
          {t.shared.more}
        </button>
      )}
    </ConsolePage>
  );
}

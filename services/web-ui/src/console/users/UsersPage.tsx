/** All users, newest first: their credits, keys and jobs, and what an operator can do. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usersQuery, type AdminUser } from "~/api/adminUsers";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { CopyText } from "~/parts/CopyText";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { TextFilter } from "../FilterField";
import { useFilters } from "../useFilters";
import { GrantDialog } from "./GrantDialog";
import { UserMenu } from "./UserMenu";

const NAMES = ["search"] as const;

export function UsersPage() {
  const t = useText();
  const [{ search }, change] = useFilters(NAMES);
  const users = useInfiniteQuery({ ...usersQuery(search), placeholderData: keepPreviousData });
  const rows = (users.data?.pages ?? []).flatMap((page) => page.data);
  const [given, setGiven] = useState<AdminUser | null>(null);
  return (
    <ConsolePage title={t.users.title} lead={t.users.lead}>
      <div className="filterbar">
        <TextFilter name={t.users.search} value={search} onChange={(text) => change({ search: text })} />
      </div>
      {users.error !== null && users.data === undefined && (
        <ErrorNotice error={users.error} onRetry={() => void users.refetch()} />
      )}
      {users.isPending && <Skeleton rows={6} />}
      {users.data && rows.length === 0 && (
        <Empty text={t.users.noneMatch}>
          <button type="button" className="btn" onClick={() => change({ search: "" })}>
            {t.events.clear}
          </button>
        </Empty>
      )}
      {rows.length > 0 && (
        <section className="panel" aria-label={t.users.title}>
          <Table rows={rows} onGive={setGiven} />
        </section>
      )}
      {users.hasNextPage && (
        <button type="button" className="btn" disabled={users.isFetching} onClick={() => void users.fetchNextPage()}>
          {t.shared.more}
        </button>
      )}
      {given && <GrantDialog user={given} onClose={() => setGiven(null)} />}
    </ConsolePage>
  );
}

function Table({ rows, onGive }: { rows: readonly AdminUser[]; onGive: (user: AdminUser) => void }) {
  const t = useText();
  const format = useFormat();
  return (
    <table className="table cards userst">
      <thead>
        <tr>
          <th>{t.users.name}</th>
          <th>{t.console.state}</th>
          <th>{t.users.id}</th>
          <th className="num">{t.nav.credits}</th>
          <th className="num">{t.users.jobs}</th>
          <th className="num">{t.apiKeys.title}</th>
          <th className="num">{t.users.since}</th>
          <th>
            <span className="sr">{t.apiKeys.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((user) => (
          <tr key={user.id}>
            <td className="t username">{user.name}</td>
            <td className="e">
              <State of={user} />
            </td>
            <td data-l={t.users.id}>
              <CopyText value={user.id} short={`…${user.id.slice(-6)}`} name={t.users.id} />
            </td>
            <td data-l={t.nav.credits} className="num">
              {format.amount(user.credits)}
            </td>
            <td data-l={t.users.jobs} className="num">
              {format.number(user.jobs)}
            </td>
            <td data-l={t.apiKeys.title} className="num">
              {format.number(user.keys)}
            </td>
            <td data-l={t.users.since} className="num dim">
              <Ago at={user.created_at} />
            </td>
            <td className="acts">
              <button type="button" className="btn ghost sm" onClick={() => onGive(user)}>
                <Icon name="credit" />
                {t.users.give}
                <span className="sr">{user.name}</span>
              </button>{" "}
              <UserMenu user={user} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function State({ of }: { of: AdminUser }) {
  const t = useText();
  const format = useFormat();
  if (of.blocked_at !== null) {
    return (
      <span className="st fail" title={format.exact(new Date(of.blocked_at))}>
        <Icon name="lock" />
        {t.users.blocked}
      </span>
    );
  }
  return of.operator ? (
    <span className="st">
      <Icon name="console" />
      {t.users.operator}
    </span>
  ) : (
    <span className="st idle">
      <Icon name="account" />
      {t.users.active}
    </span>
  );
}

/** The balance and the ledger behind it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { creditsQuery } from "~/api/queries";
import type { CreditLine } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { shortId } from "~/parts/shortId";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";

export default function Credits() {
  const t = useText();
  const format = useFormat();
  const statement = useInfiniteQuery(creditsQuery);
  const first = statement.data?.pages[0];
  // A capture moves nothing: what is paid was reserved before.
  const lines = (statement.data?.pages ?? []).flatMap(({ data }) => data).filter(({ change }) => change !== 0);
  return (
    <main id="main" className="page jobpage">
      <div className="head">
        <div>
          <h1>{t.nav.credits}</h1>
          <p className="sub">{t.credits.lead}</p>
        </div>
      </div>
      {statement.error !== null && first === undefined && (
        <ErrorNotice error={statement.error} onRetry={() => void statement.refetch()} />
      )}
      {statement.isPending && <Skeleton rows={5} />}
      {first && (
        <div className="kpis">
          <div className="kpi">
            <span className="k">{t.credits.balance}</span>
            <span className="v">
              {format.amount(first.balance)} <small>{t.shared.cr}</small>
            </span>
            <span className="d">{t.credits.balanceHint}</span>
          </div>
          <div className="kpi">
            <span className="k">{t.credits.held}</span>
            <span className="v">
              {format.amount(first.reserved)} <small>{t.shared.cr}</small>
            </span>
            <span className="d">{t.credits.heldHint}</span>
          </div>
        </div>
      )}
      {first && lines.length === 0 && <Empty text={t.credits.empty} />}
      {lines.length > 0 && (
        <section className="panel" aria-label={t.credits.ledger}>
          <table className="table cards">
            <thead>
              <tr>
                <th>{t.credits.what}</th>
                <th>{t.credits.job}</th>
                <th>{t.credits.when}</th>
                <th className="num">{t.credits.change}</th>
                <th className="num">{t.credits.after}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <Line key={line.id} line={line} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {statement.hasNextPage && (
        <button
          type="button"
          className="btn"
          disabled={statement.isFetching}
          onClick={() => void statement.fetchNextPage()}
        >
          {t.shared.more}
        </button>
      )}
    </main>
  );
}

function Line({ line }: { line: CreditLine }) {
  const t = useText();
  const format = useFormat();
  const kinds: Record<string, string> = t.credits.kinds;
  const sign = line.change > 0 ? "+" : "−";
  return (
    <tr>
      <td className="t">
        {kinds[line.kind] ?? line.kind}
        {line.note && <span className="dim"> · {line.note}</span>}
      </td>
      <td data-l={t.credits.job}>
        {line.job_id ? (
          <Link className="link mono small" href={`/studio/jobs/${line.job_id}`}>
            {shortId(line.job_id)}
          </Link>
        ) : (
          <span className="faint">–</span>
        )}
      </td>
      <td data-l={t.credits.when} className="dim">
        <Ago at={line.created_at} />
      </td>
      <td data-l={t.credits.change} className="num">
        {sign}
        {format.amount(Math.abs(line.change))}
      </td>
      <td data-l={t.credits.after} className="num dim">
        {format.amount(line.balance)}
      </td>
    </tr>
  );
}

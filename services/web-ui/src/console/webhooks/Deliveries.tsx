/** The delivery log of an endpoint, newest first. A row unfolds the attempts. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import {
  deliveriesQuery,
  DELIVERY_STATUSES,
  replayOne,
  type Delivery,
  type DeliveryStatus,
  type Place,
} from "~/api/webhooks";
import { useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon, type IconName } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { useAct } from "~/parts/useAct";
import { ChoiceFilter, TextFilter } from "../FilterField";
import { useFilters } from "../useFilters";
import { useRowKeys } from "../useRowKeys";
import { Attempts } from "./Attempts";

const NAMES = ["status", "event"] as const;
const LOOKS: Record<DeliveryStatus, { look: string; icon: IconName }> = {
  pending: { look: "st wait", icon: "st-wait" },
  delivered: { look: "st", icon: "st-done" },
  failed: { look: "st fail", icon: "st-fail" },
  missed: { look: "st warn", icon: "warn" },
};

export function Deliveries({ place }: { place: Place }) {
  const t = useText();
  const [{ status, event }, change] = useFilters(NAMES);
  const deliveries = useInfiniteQuery(deliveriesQuery(place, status, event));
  const rows = (deliveries.data?.pages ?? []).flatMap((page) => page.deliveries);
  useRowKeys();
  return (
    <>
      <div className="filterbar">
        <ChoiceFilter name={t.steps.status} value={status} onChange={(chosen) => change({ status: chosen })}>
          <option value="">{t.steps.anyStatus}</option>
          {DELIVERY_STATUSES.map((one) => (
            <option key={one} value={one}>
              {t.webhooks.statuses[one]}
            </option>
          ))}
        </ChoiceFilter>
        <TextFilter name={t.webhooks.event} value={event} onChange={(chosen) => change({ event: chosen })} />
      </div>
      {deliveries.error !== null && deliveries.data === undefined && (
        <ErrorNotice error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      )}
      {deliveries.isPending && <Skeleton rows={5} />}
      {deliveries.data && rows.length === 0 && (
        <Empty text={status || event ? t.webhooks.noDeliveriesMatch : t.webhooks.noDeliveries} />
      )}
      {rows.length > 0 && (
        <section className="panel" aria-label={t.webhooks.deliveries}>
          <Log place={place} rows={rows} />
        </section>
      )}
      {deliveries.hasNextPage && (
        <button
          type="button"
          className="btn"
          disabled={deliveries.isFetching}
          onClick={() => void deliveries.fetchNextPage()}
        >
          {t.shared.more}
        </button>
      )}
    </>
  );
}

function Log({ place, rows }: { place: Place; rows: readonly Delivery[] }) {
  const t = useText();
  const [open, setOpen] = useState<number | null>(null);
  const replay = useAct({
    run: async (id: number) => t.webhooks.replayed((await replayOne(place, id)).replayed, false),
    changes: ["webhooks"],
    isRepeatable: false,
  });
  return (
    <table className="table cards deliv">
      <thead>
        <tr>
          <th>{t.webhooks.event}</th>
          <th>{t.steps.status}</th>
          <th>{t.webhooks.answer}</th>
          <th className="num">{t.webhooks.attempts}</th>
          <th className="num" aria-sort="descending">
            {t.apiKeys.made}
          </th>
          <th>
            <span className="sr">{t.apiKeys.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const { look, icon } = LOOKS[row.status as DeliveryStatus];
          const isOpen = open === row.id;
          return (
            <Fragment key={row.id}>
              <tr aria-selected={isOpen}>
                <td className="t">
                  <button
                    type="button"
                    className="row"
                    data-opens=""
                    aria-expanded={isOpen}
                    onClick={() => setOpen(isOpen ? null : row.id)}
                  >
                    <Icon name={isOpen ? "down" : "right"} />
                    <span className="mono">{row.event_type}</span>
                    <span className="sr">{t.webhooks.deliveryN(row.id)}</span>
                  </button>
                </td>
                <td className="e">
                  <span className={look}>
                    <Icon name={icon} />
                    {t.webhooks.statuses[row.status as DeliveryStatus]}
                  </span>
                </td>
                <td data-l={t.webhooks.answer} className="dim">
                  {row.last_error ?? row.last_status ?? "–"}
                </td>
                <td data-l={t.webhooks.attempts} className="num">
                  {row.attempts}
                </td>
                <td data-l={t.apiKeys.made} className="num dim">
                  <Ago at={row.created_at} />
                </td>
                <td className="acts">
                  {row.status !== "pending" && (
                    <button
                      type="button"
                      className="btn ghost sm"
                      disabled={replay.isPending}
                      onClick={() => replay.mutate(row.id)}
                    >
                      <Icon name="replay" />
                      {t.webhooks.replay}
                      <span className="sr">{t.webhooks.deliveryN(row.id)}</span>
                    </button>
                  )}
                </td>
              </tr>
              {isOpen && (
                <tr className="sub">
                  <td colSpan={6}>
                    <Attempts place={place} delivery={row} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

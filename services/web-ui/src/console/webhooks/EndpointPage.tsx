/** One webhook endpoint: what it receives, how its deliveries ended, and what can be done about them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { endpointQuery, statsQuery, type Place } from "~/api/webhooks";
import { useFormat, useText } from "~/i18n";
import { NotLoaded } from "~/parts/NotLoaded";
import { Skeleton } from "~/parts/Skeleton";
import { OnceShown } from "~/studio/keys/OnceShown";
import { Deliveries } from "./Deliveries";
import { EndpointActions } from "./EndpointActions";
import { EndpointState } from "./EndpointState";

export function EndpointPage({ place }: { place: Place }) {
  const t = useText();
  const endpoint = useQuery(endpointQuery(place));
  const [secret, setSecret] = useState<string | null>(null);
  if (endpoint.data === undefined) {
    return (
      <main id="main" className="page">
        <h1 className="sr">{t.webhooks.title}</h1>
        <NotLoaded of={endpoint} gone={t.webhooks.gone} />
      </main>
    );
  }
  const { url, events, origin, disabled_reason } = endpoint.data;
  return (
    <main id="main" className="page">
      <div className="head">
        <div>
          <h1 className="hookurl">{url}</h1>
          <p className="sub row wrap facts">
            <EndpointState of={endpoint.data} />
            <span>{origin !== null ? t.webhooks.ofJobs : events.join(", ") || t.webhooks.allEvents}</span>
            <span className="mono">{place.tenant}</span>
          </p>
          {disabled_reason !== null && <p className="sub">{disabled_reason}</p>}
        </div>
        <EndpointActions place={place} endpoint={endpoint.data} onSecret={setSecret} />
      </div>
      {secret !== null && <OnceShown name={url} secret={secret} onDone={() => setSecret(null)} />}
      <Numbers place={place} />
      <Deliveries place={place} />
    </main>
  );
}

function Numbers({ place }: { place: Place }) {
  const t = useText();
  const format = useFormat();
  const { data: stats } = useQuery(statsQuery(place));
  if (stats === undefined) return <Skeleton rows={1} height={80} />;
  const numbers = [
    { name: t.webhooks.statuses.delivered, value: stats.successful_deliveries, detail: t.webhooks.sinceMade },
    { name: t.webhooks.statuses.failed, value: stats.failed_deliveries, detail: t.webhooks.gaveUp },
    {
      name: t.webhooks.statuses.pending,
      value: stats.pending_deliveries,
      detail: t.webhooks.retrying(stats.retry_queue_size),
    },
    { name: t.webhooks.statuses.missed, value: stats.missed_deliveries, detail: t.webhooks.whileDisabled },
  ];
  return (
    <section className="kpis" aria-label={t.webhooks.numbers}>
      {numbers.map(({ name, value, detail }) => (
        <div className="kpi" key={name}>
          <span className="k">{name}</span>
          <span className="v">{format.number(value)}</span>
          <span className="d">{detail}</span>
        </div>
      ))}
    </section>
  );
}

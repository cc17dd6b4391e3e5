/** Which services answer, and what each is behind with. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { NoTicket, serviceUrls } from "~/api/operator";
import { asProblem } from "~/api/problem";
import { meQuery } from "~/api/queries";
import { queuesQuery, workersQuery } from "~/api/queue";
import { backlogQuery } from "~/api/webhooks";
import { useFormat, useText } from "~/i18n";
import { Icon, type IconName } from "~/parts/Icon";
import { useNow } from "~/parts/useNow";

const AGAIN_MS = 10_000;
/** Deliveries that wait longer than this are behind. */
const LATE_S = 60;
type State = "ok" | "warn" | "fail" | "idle";
const LOOKS: Record<State, { look: string; icon: IconName }> = {
  ok: { look: "st", icon: "st-ok" },
  warn: { look: "st warn", icon: "warn" },
  fail: { look: "st fail", icon: "st-fail" },
  idle: { look: "st idle", icon: "st-idle" },
};

interface Reading {
  error: Error | null;
  /** Time of the last answer in Unix milliseconds, 0 without one. */
  dataUpdatedAt: number;
  isPending: boolean;
}

export function Services() {
  const t = useText();
  const format = useFormat();
  const platform = useQuery({ ...meQuery, refetchInterval: AGAIN_MS, refetchIntervalInBackground: false });
  const queue = useQuery(queuesQuery);
  const workers = useQuery(workersQuery);
  const { data: urls } = useQuery({ queryKey: ["service-urls"], queryFn: serviceUrls, staleTime: Infinity });
  const hasWebhooks = urls !== undefined && urls.webhooks_url !== null;
  const webhooks = useQuery({ ...backlogQuery, enabled: hasWebhooks });

  const late = webhooks.data?.late_s ?? 0;
  const versions = [...new Set((workers.data ?? []).map(({ version }) => version))].sort();
  const none = workers.data?.length === 0;
  return (
    <section className="panel" aria-labelledby="services">
      <div className="ph">
        <h2 id="services">{t.services.title}</h2>
      </div>
      <ul className="services">
        <Service name="platform-api" of={platform} />
        <Service name="queue-api" of={queue} {...(queue.data?.paused ? { warning: t.console.allPaused } : {})} />
        {hasWebhooks && (
          <Service
            name="webhook-dispatcher"
            of={webhooks}
            {...(late > LATE_S ? { warning: t.services.late(format.seconds(late)) } : {})}
            detail={t.services.pending(webhooks.data?.pending ?? 0, webhooks.data?.disabled ?? 0)}
            href="/console/webhooks"
          />
        )}
        <Service
          name={t.services.workers}
          of={workers}
          {...(none ? { warning: t.console.noWorkers } : {})}
          {...(versions.length > 1 ? { warning: t.services.versions(versions.join(", ")) } : {})}
          detail={t.services.workersOf(workers.data?.length ?? 0, versions.join(", "))}
          href="/console/fleet"
        />
      </ul>
    </section>
  );
}

interface ServiceProps {
  name: string;
  of: Reading;
  warning?: string;
  detail?: string;
  href?: string;
}

function Service({ name, of, warning, detail, href }: ServiceProps) {
  const t = useText();
  const format = useFormat();
  const now = useNow(1000);
  const state: State = of.error !== null ? "fail" : of.isPending ? "idle" : warning === undefined ? "ok" : "warn";
  const { status, message } = asProblem(of.error);
  const silent = of.error instanceof NoTicket ? t.services.noTicket : t.services.silent;
  const problem = of.error === null ? null : status === 0 || message === "" ? silent : message;
  const since = of.dataUpdatedAt === 0 ? "" : t.services.lastAnswer(format.ago(new Date(of.dataUpdatedAt), now));
  const words = problem === null ? (warning ?? (of.isPending ? "" : t.services.answers)) : `${problem} ${since}`;
  return (
    <li>
      <span className={LOOKS[state].look} data-service={name} data-state={state}>
        <Icon name={LOOKS[state].icon} />
        <b className="nowrap">{href === undefined ? name : <Link href={href}>{name}</Link>}</b>
      </span>
      <span className={state === "fail" ? "error-text" : "dim"}>{words}</span>
      {problem === null && detail !== undefined && !of.isPending && <span className="faint">{detail}</span>}
    </li>
  );
}

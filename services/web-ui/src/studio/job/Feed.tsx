/** Everything that happened to the job, newest first. */
import type { HistoryEntry } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { Icon, type IconName } from "~/parts/Icon";

const LOOKS: Record<string, { icon: IconName; look: string }> = {
  created: { icon: "plus", look: "" },
  retried: { icon: "replay", look: "" },
  node_started: { icon: "gpu", look: "" },
  node_retrying: { icon: "warn", look: "warn" },
  node_completed: { icon: "st-done", look: "" },
  complete: { icon: "check", look: "" },
  error: { icon: "st-fail", look: "fail" },
  cancelled: { icon: "st-off", look: "" },
};

export function Feed({ history, live }: { history: HistoryEntry[]; live: boolean }) {
  const t = useText();
  const format = useFormat();
  const first = history[0];
  return (
    <section className="panel" aria-labelledby="events">
      <div className="ph">
        <h2 id="events">{t.job.events}</h2>
        {live && <span className="live">{t.link.live}</span>}
      </div>
      <div className="pb">
        <ol className="feed" reversed>
          {history.toReversed().map((entry) => {
            const { icon, look } = LOOKS[entry.event] ?? { icon: "info", look: "" };
            const at = new Date(entry.created_at);
            const after = (at.getTime() - Date.parse(first?.created_at ?? entry.created_at)) / 1000;
            return (
              <li key={entry.id} className={look}>
                <time dateTime={entry.created_at} title={format.exact(at)}>
                  {after < 0.001 ? format.clock(at) : `+${format.seconds(after)}`}
                </time>
                <Icon name={icon} />
                <p>{entry.message}</p>
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}

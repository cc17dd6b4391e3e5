/** The queues by job type, those with the oldest wait first. */
import { pauseType, queuesQuery, resumeType, type Queues } from "~/api/queue";
import { useFormat, useText } from "~/i18n";
import { vars } from "~/parts/css";
import { Icon } from "~/parts/Icon";
import { useAct } from "~/parts/useAct";

export function QueueTable({ queues }: { queues: Queues }) {
  const t = useText();
  const format = useFormat();
  const { mutate, isPending } = useAct({
    run: async ({ name, paused }: { name: string; paused: boolean }) => {
      await (paused ? resumeType(name) : pauseType(name));
      return paused ? t.console.resumed(name) : t.console.pausedNow(name);
    },
    changes: queuesQuery.queryKey,
  });
  const rows = Object.entries(queues.by_type).sort(([, a], [, b]) => (b.oldest_age_s ?? -1) - (a.oldest_age_s ?? -1));
  const most = Math.max(1, ...rows.map(([, { pending, in_progress }]) => Math.max(pending, in_progress)));
  if (rows.length === 0) return <p className="pb dim">{t.console.noQueues}</p>;
  return (
    <table className="table cards queues">
      <thead>
        <tr>
          <th>{t.studio.type}</th>
          <th className="num">{t.console.waiting}</th>
          <th className="num">{t.console.running}</th>
          <th className="num" aria-sort="descending">
            {t.console.oldest}
          </th>
          <th className="num">{t.console.perMinute}</th>
          <th>{t.console.depth}</th>
          <th>
            <span className="sr">{t.apiKeys.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, type]) => (
          <tr key={name} className={type.paused && type.pending > 0 ? "pin" : ""}>
            <td className="t mono">{name}</td>
            <td data-l={t.console.waiting} className="num">
              {format.number(type.pending)}
            </td>
            <td data-l={t.console.running} className="num">
              {format.number(type.in_progress)}
            </td>
            <td data-l={t.console.oldest} className="num">
              {type.oldest_age_s === null ? "–" : format.seconds(type.oldest_age_s)}
            </td>
            <td data-l={t.console.perMinute} className="num">
              {format.number(type.completed_per_minute)}
            </td>
            <td>
              {type.paused ? (
                <span className="st warn">
                  <Icon name="pause" />
                  {t.console.paused}
                </span>
              ) : (
                <span className="qbar" aria-hidden="true">
                  {type.pending > 0 && <i className="r" style={vars({ "--w": (100 * type.pending) / most })} />}
                  {type.in_progress > 0 && <i style={vars({ "--w": (100 * type.in_progress) / most })} />}
                </span>
              )}
            </td>
            <td className="acts">
              <button
                type="button"
                className="btn ghost sm"
                disabled={isPending || queues.paused}
                onClick={() => mutate({ name, paused: type.paused })}
              >
                {type.paused ? t.console.resume : t.console.pause}
                <span className="sr">{name}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** When the job waited and when it was worked on. */
import { isActive, type HistoryEntry, type Job } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { vars } from "~/parts/css";
import { Icon, type IconName } from "~/parts/Icon";
import { useNow } from "~/parts/useNow";
import { spansOf, type Span } from "./spans";

const ICONS: Record<Span["kind"], IconName> = { wait: "clock", work: "st-done", failed: "st-fail", live: "st-run" };
const BARS: Record<Span["kind"], string> = { wait: "q", work: "", failed: "bad", live: "live" };

export function Timeline({ job, history }: { job: Job; history: HistoryEntry[] }) {
  const t = useText();
  const format = useFormat();
  const now = useNow(isActive(job) ? 500 : 60_000);
  const spans = spansOf(job, history, now);
  const from = spans[0]?.from ?? 0;
  const to = Math.max(...spans.map((span) => span.to), from + 1);
  const at = (time: number) => (100 * (time - from)) / (to - from);
  if (spans.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="timeline">
      <div className="ph">
        <h2 id="timeline">{t.job.timeline}</h2>
        <span className="dim small">{format.seconds((to - from) / 1000)}</span>
      </div>
      <div className="pb gantt">
        {spans.map((span) => (
          <div className="g" key={`${span.kind}-${span.step}-${span.attempt}-${span.from}`}>
            <span className="row">
              <Icon name={ICONS[span.kind]} />
              <span className="clip">
                {span.kind === "wait" ? t.job.waited : t.job.attempt(span.step + 1, span.attempt)}
              </span>
            </span>
            <span className="t">
              <i
                className={classes(BARS[span.kind])}
                style={vars({ "--a": at(span.from), "--w": at(span.to) - at(span.from) })}
              />
            </span>
            <span className="num dim">{format.seconds((span.to - span.from) / 1000)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

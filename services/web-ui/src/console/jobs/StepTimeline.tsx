/** When the step waited and when its last attempt ran. */
import { isActive, type QueueJob } from "~/api/queueJobs";
import { useFormat, useText } from "~/i18n";
import { classes } from "~/parts/classes";
import { vars } from "~/parts/css";
import { Icon } from "~/parts/Icon";
import { useNow } from "~/parts/useNow";

export function StepTimeline({ job }: { job: QueueJob }) {
  const t = useText();
  const format = useFormat();
  const now = useNow(isActive(job) ? 1000 : 60_000);
  const end = job.completed_at ?? Math.max(now, job.created_at);
  const whole = Math.max(1, end - job.created_at);
  const started = job.started_at;
  const spans = [{ name: t.job.waited, bar: "q", icon: "clock" as const, from: job.created_at, to: started ?? end }];
  if (started !== null) {
    const bar = job.status === "in_progress" ? "live" : job.error === null ? "" : "bad";
    const icon = job.status === "in_progress" ? "st-run" : job.error === null ? "st-done" : "st-fail";
    spans.push({ name: t.steps.attemptN(job.attempt), bar, icon: icon as "clock", from: started, to: end });
  }
  return (
    <section className="panel" aria-labelledby="timeline">
      <div className="ph">
        <h2 id="timeline">{t.job.timeline}</h2>
        <span className="dim small">{format.seconds(whole / 1000)}</span>
      </div>
      <div className="pb gantt">
        {spans.map(({ name, bar, icon, from, to }) => (
          <div className="g" key={name}>
            <span className="row">
              <Icon name={icon} />
              <span className="clip">{name}</span>
            </span>
            <span className="t">
              <i
                className={classes(bar)}
                style={vars({ "--a": (100 * (from - job.created_at)) / whole, "--w": (100 * (to - from)) / whole })}
              />
            </span>
            <span className="num dim">{format.seconds((to - from) / 1000)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

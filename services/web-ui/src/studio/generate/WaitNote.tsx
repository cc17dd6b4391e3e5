/** Why a job has not started, in one line. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { whyQuery } from "~/api/queries";
import type { Job, Why } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import type { Text } from "~/i18n/en";

const AGAIN_MS = 10_000;

export function WaitNote({ job, short = false }: { job: Job; short?: boolean }) {
  const t = useText();
  const format = useFormat();
  // What others do has no event of this user: ask again while the job waits.
  const { data: why } = useQuery({ ...whyQuery(job.id), refetchInterval: AGAIN_MS });
  const starts = why?.steps[0]?.starts_in;
  return (
    <p className="row">
      <span className="dim clip">
        {why ? reasonOf(why, t) : t.shared.states[job.state]}
        {starts && `, ${t.studio.startsIn(format.interval(starts.min_s, starts.max_s))}`}
      </span>
      {!short && (
        <Link className="link small nowrap" href={`/studio/jobs/${job.id}`}>
          {t.studio.why}
        </Link>
      )}
    </p>
  );
}

function reasonOf({ reason, steps }: Why, t: Text): string {
  const ahead = steps[0]?.work_ahead ?? 0;
  if (reason === "behind_others" && ahead > 0) return t.studio.ahead(ahead);
  const known: Record<string, string> = t.studio.reasons;
  return known[reason] ?? t.shared.states.queued;
}

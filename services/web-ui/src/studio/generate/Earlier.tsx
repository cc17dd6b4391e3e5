/** A row of earlier jobs, each by its first picture. */
import { Link } from "wouter";
import { isVideo, outputsOf, promptOf, type Job } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Picture } from "~/parts/Picture";

const SHOWN = 8;

export function Earlier({ jobs, onOpen }: { jobs: Job[]; onOpen: (jobId: string) => void }) {
  const t = useText();
  return (
    <section aria-labelledby="earlier">
      <div className="sechead">
        <h2 id="earlier">{t.studio.earlier}</h2>
        <span className="grow" />
        <Link className="btn ghost sm" href="/library">
          {t.nav.library}
          <Icon name="right" />
        </Link>
      </div>
      <ul className="early">
        {jobs.slice(0, SHOWN).map((job) => {
          const first = outputsOf(job)[0];
          if (first === undefined) return null;
          return (
            <li key={job.id}>
              <button type="button" className="tile" onClick={() => onOpen(job.id)}>
                <span className="pic">
                  <Picture of={first} alt={promptOf(job) || job.name} sizes="130px" />
                </span>
                {isVideo(first.mime_type) && (
                  <span className="tag no">
                    <Icon name="play" />
                    {t.studio.length(first.duration_s ?? 0)}
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

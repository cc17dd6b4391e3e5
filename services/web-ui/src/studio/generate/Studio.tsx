/** The studio: the form on the left, what develops and what came of it on the right. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { jobsQuery, jobTypesQuery } from "~/api/queries";
import { isActive, outputsOf, type Job } from "~/api/types";
import { useText } from "~/i18n";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { Compose } from "./Compose";
import { changeDraft } from "./draft";
import { Earlier } from "./Earlier";
import { Result } from "./Result";
import { RunCard } from "./RunCard";

const ONE_COLUMN_PX = 900;

/** Whether the studio has something to show of a job. */
function isShown(job: Job): boolean {
  return job.job_type !== "prompt_enhance" && (job.state !== "completed" || outputsOf(job).length > 0);
}

export function Studio() {
  const t = useText();
  const jobs = useQuery(jobsQuery);
  const types = useQuery(jobTypesQuery);
  const [chosen, setChosen] = useState<string | null>(null);

  const shown = (jobs.data ?? []).filter(isShown);
  const onSheet = shown.find((job) => job.id === chosen) ?? shown[0];
  const chosenIsThere = onSheet !== undefined && onSheet.id === chosen;
  useEffect(() => {
    // In one column the result is below the form.
    if (chosenIsThere && innerWidth < ONE_COLUMN_PX) document.getElementById("result")?.scrollIntoView();
  }, [chosenIsThere]);
  const developing = shown.filter((job) => isActive(job) && job.id !== onSheet?.id);
  const earlier = shown.filter((job) => job.id !== onSheet?.id && outputsOf(job).length > 0);
  return (
    <main id="main" className="studio">
      <h1 className="sr">{t.nav.studio}</h1>
      <Compose types={types} onAccepted={setChosen} />
      <div className="bench">
        {jobs.error !== null && jobs.data === undefined && (
          <ErrorNotice error={jobs.error} onRetry={() => void jobs.refetch()} />
        )}
        {jobs.isPending && <Skeleton rows={2} height={240} />}
        {jobs.data !== undefined && onSheet === undefined && <FirstTime />}
        {developing.length > 0 && (
          <section aria-labelledby="developing">
            <div className="sechead">
              <h2 id="developing">{t.studio.developing}</h2>
              <span className="faint">{developing.length}</span>
            </div>
            <div className="strip-run">
              {developing.map((job) => (
                <RunCard key={job.id} job={job} onOpen={() => setChosen(job.id)} />
              ))}
            </div>
          </section>
        )}
        {onSheet && <Result job={onSheet} types={types.data ?? []} />}
        {earlier.length > 0 && <Earlier jobs={earlier} onOpen={setChosen} />}
      </div>
    </main>
  );
}

function FirstTime() {
  const t = useText();
  const example = () => {
    const prompts = t.studio.examples;
    changeDraft({ prompt: prompts[Math.floor(Math.random() * prompts.length)] ?? "" });
    document.getElementById("prompt")?.focus();
  };
  return (
    <Empty text={t.studio.empty}>
      <button type="button" className="btn" onClick={example}>
        <Icon name="enhance" />
        {t.studio.tryOne}
      </button>
    </Empty>
  );
}

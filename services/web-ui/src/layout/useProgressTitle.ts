/** The title of the page says how far the running jobs are, so that it shows in a tab in the background, too. */
import { useEffect } from "react";
import { isActive, type Job } from "~/api/types";
import { useFormat, useText } from "~/i18n";

export function useProgressTitle(jobs: Job[]): void {
  const t = useText();
  const format = useFormat();
  const active = jobs.filter(isActive);
  const progress = active.reduce((sum, job) => sum + (job.progress ?? 0), 0) / (active.length || 1);
  const title = active.length === 0 ? t.app : `${format.percent(progress)} · ${t.app}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** A picture that is made again: its progress, and the comparison of the two when it is done. */
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { assetQuery, jobQuery } from "~/api/queries";
import { isActive, outputsOf, type Job } from "~/api/types";
import { useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { RunCard } from "../generate/RunCard";
import { Compared } from "./Compared";

export default function ReplayPage({ asset: id, job: jobId, index }: { asset: string; job: string; index: number }) {
  const t = useText();
  const asset = useQuery(assetQuery(id));
  const job = useQuery(jobQuery(jobId));
  const output = job.data && outputsOf(job.data).find((each) => each.index === index);
  const made = useQuery({ ...assetQuery(output?.asset_id ?? ""), enabled: output !== undefined });
  const error = asset.error ?? job.error ?? made.error;
  return (
    <main id="main" className="page compare">
      <div className="head">
        <div>
          <h1>{t.compare.replayTitle}</h1>
          <p className="sub">{t.compare.replayLead}</p>
        </div>
        <div className="btns">
          <Link className="btn" href={`/studio/picture/${id}`}>
            {t.compare.original}
          </Link>
          <Link className="btn" href={`/studio/jobs/${jobId}`}>
            {t.studio.details}
          </Link>
        </div>
      </div>
      {error !== null && (
        <ErrorNotice
          error={error}
          onRetry={() => void Promise.all([asset.refetch(), job.refetch(), output && made.refetch()])}
        />
      )}
      {error === null && (job.data === undefined || (output !== undefined && made.data === undefined)) && (
        <Skeleton rows={2} height={240} />
      )}
      {job.data && output === undefined && <Progress job={job.data} />}
      {asset.data && made.data && (
        <Compared first={asset.data} second={made.data} names={[t.compare.original, t.compare.again]} />
      )}
    </main>
  );
}

function Progress({ job }: { job: Job }) {
  const t = useText();
  const [, navigate] = useLocation();
  if (isActive(job))
    return (
      <div className="strip-run">
        <RunCard job={job} onOpen={() => navigate(`/studio/jobs/${job.id}`)} />
      </div>
    );
  return (
    <div className="notice fail" role="alert">
      <Icon name="st-fail" large />
      <p className="strong">{job.error_message ?? t.compare.noOutput}</p>
    </div>
  );
}

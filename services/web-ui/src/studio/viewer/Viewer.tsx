/** The viewer: one picture or video, its neighbours and its recipe. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { sameOrigin } from "~/api/client";
import { asProblem } from "~/api/problem";
import { assetQuery, jobQuery, siblingsQuery } from "~/api/queries";
import { isVideo } from "~/api/types";
import { useText } from "~/i18n";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { useKeys } from "~/parts/useKeys";
import { recallAsset } from "../recall";
import { useDelete } from "../useDelete";
import { toggleFavourites, useMark } from "../useMark";
import { Film } from "./Film";
import { RecipePanel } from "./RecipePanel";
import { PictureStage } from "./PictureStage";
import { VideoStage } from "./VideoStage";
import { ViewerBar, ViewerDock } from "./ViewerBar";

export default function Viewer({ id }: { id: string }) {
  const t = useText();
  const [, navigate] = useLocation();
  const asset = useQuery(assetQuery(id));
  const jobId = asset.data?.job_id ?? null;
  const { data: siblings = [] } = useQuery(siblingsQuery(jobId));
  const { data: job } = useQuery({ ...jobQuery(jobId ?? ""), enabled: jobId !== null });
  const [panel, setPanel] = useState(true);
  const remove = useDelete();
  const mark = useMark();

  const at = siblings.findIndex((sibling) => sibling.id === id);
  const show = (next: string) => navigate(`/studio/picture/${next}`, { replace: true });
  const step = (by: number) => {
    const next = siblings[at + by];
    if (next) show(next.id);
  };
  const leave = () => (history.length > 1 ? history.back() : navigate("/studio"));
  const recall = () => {
    if (asset.data === undefined) return;
    recallAsset(asset.data, job);
    navigate("/studio");
  };
  const download = () => document.querySelector<HTMLAnchorElement>("a[data-download]")?.click();
  const favour = () => {
    if (asset.data !== undefined) void mark(toggleFavourites([asset.data]));
  };
  const following = siblings[at + 1] ?? siblings[at - 1];
  const compare = following && (() => navigate(`/studio/compare/${id}/${following.id}`));
  const discard = () => {
    remove([id]);
    if (following) show(following.id);
    else leave();
  };
  useKeys({
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Escape: leave,
    d: download,
    r: recall,
    i: () => setPanel(!panel),
    f: favour,
    c: () => compare?.(),
    Delete: discard,
  });

  if (asset.error !== null) {
    return (
      <main id="main" className="page">
        {asProblem(asset.error).status === 404 ? (
          <Empty text={t.viewer.gone}>
            <button type="button" className="btn" onClick={leave}>
              {t.shared.back}
            </button>
          </Empty>
        ) : (
          <ErrorNotice error={asset.error} onRetry={() => void asset.refetch()} />
        )}
      </main>
    );
  }
  const title = job?.description || asset.data?.recipe?.prompt || "";
  const favourite = asset.data?.favourite ?? false;
  const togglePanel = () => setPanel(!panel);
  const actions = { leave, favourite, favour, download, recall, compare, discard, panel, togglePanel };
  return (
    <div className={panel ? "viewer" : "viewer bare"}>
      <a className="skip" href="#main">
        {t.viewer.skip}
      </a>
      <ViewerBar title={title} position={at + 1} total={siblings.length} {...actions} />
      <main id="main" className="stage">
        {asset.data &&
          (isVideo(asset.data.mime_type) ? (
            <VideoStage key={id} asset={asset.data} />
          ) : (
            <PictureStage key={id} asset={asset.data} alt={title} />
          ))}
        {asset.data && (
          <a className="sr" data-download href={sameOrigin(asset.data.url)} download tabIndex={-1} aria-hidden="true" />
        )}
        <Arrows onStep={step} hasPrevious={at > 0} hasNext={at >= 0 && at < siblings.length - 1} />
      </main>
      <Film siblings={siblings} shown={id} onShow={show} />
      {panel && asset.data && <RecipePanel asset={asset.data} job={job} onRecall={recall} />}
      <ViewerDock {...actions} />
    </div>
  );
}

interface ArrowsProps {
  onStep: (by: number) => void;
  hasPrevious: boolean;
  hasNext: boolean;
}

function Arrows({ onStep, hasPrevious, hasNext }: ArrowsProps) {
  const t = useText();
  return (
    <>
      {hasPrevious && (
        <button type="button" className="arrow prev" aria-label={t.viewer.previous} onClick={() => onStep(-1)}>
          <Icon name="left" large />
        </button>
      )}
      {hasNext && (
        <button type="button" className="arrow next" aria-label={t.viewer.next} onClick={() => onStep(1)}>
          <Icon name="right" large />
        </button>
      )}
    </>
  );
}

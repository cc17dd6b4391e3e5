/** Everything that decided the pixels, and what can be made of it. */
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { sameOrigin } from "~/api/client";
import type { AssetWithRecipe, Job, Recipe } from "~/api/types";
import { isVideo } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { CopyText } from "~/parts/CopyText";
import { copyText } from "~/parts/copyText";
import { Icon } from "~/parts/Icon";
import { useNotices } from "~/parts/Notices";
import { ReplayDialog } from "../compare/ReplayDialog";
import { TagEditor } from "./TagEditor";
import { isOwnRecipe, recallAsset, startFrom } from "../recall";

interface RecipePanelProps {
  asset: AssetWithRecipe;
  job: Job | undefined;
  onRecall: () => void;
}

export function RecipePanel({ asset, job, onRecall }: RecipePanelProps) {
  const t = useText();
  const { toast } = useNotices();
  const [, navigate] = useLocation();
  const [replays, setReplays] = useState(false);
  const recipe = isOwnRecipe(asset.recipe) ? asset.recipe : null;
  const copyJson = async () => {
    const copied = await copyText(JSON.stringify(asset.recipe, null, 2));
    toast({ text: copied ? t.shared.copied(t.viewer.recipe) : t.shared.notCopied });
  };
  const moreLike = () => {
    recallAsset(asset, job);
    startFrom(asset, sameOrigin(asset.thumbnail_url ?? asset.url));
    navigate("/studio");
  };
  return (
    <aside className="recipe" aria-label={t.viewer.recipe}>
      <span className="grab narrow" />
      <div className="row">
        <h2 className="grow">{t.viewer.recipe}</h2>
        {asset.recipe && (
          <button type="button" className="btn ghost sm" onClick={() => void copyJson()}>
            <Icon name="copy" />
            {"JSON"}
          </button>
        )}
      </div>
      <div className="stack s2">
        <p className="rprompt">{asset.recipe?.prompt ?? job?.description ?? t.viewer.noRecipe}</p>
        {recipe?.negative_prompt && (
          <p className="dim">
            <span className="faint">{t.viewer.leavesOut}</span> {recipe.negative_prompt}
          </p>
        )}
      </div>
      <TagEditor key={asset.id} asset={asset} />
      <Facts asset={asset} recipe={recipe} job={job} />
      <div className="btns">
        <button type="button" className="btn grow" onClick={onRecall}>
          <Icon name="recall" />
          {t.studio.useAgain}
        </button>
        {!isVideo(asset.mime_type) && (
          <button type="button" className="btn grow" onClick={moreLike}>
            <Icon name="vary" />
            {t.viewer.moreLikeThis}
          </button>
        )}
      </div>
      {recipe && (
        <button type="button" className="btn" onClick={() => setReplays(true)}>
          <Icon name="replay" />
          {t.compare.replay}
        </button>
      )}
      {recipe && replays && (
        <ReplayDialog asset={asset} batch={recipe.batch_shape[0] ?? 1} onClose={() => setReplays(false)} />
      )}
      {job && (
        <Link className="link small" href={`/studio/jobs/${job.id}`}>
          {t.studio.details}
        </Link>
      )}
    </aside>
  );
}

interface FactsProps {
  asset: AssetWithRecipe;
  recipe: Recipe | null;
  job: Job | undefined;
}

function Facts({ asset, recipe, job }: FactsProps) {
  const t = useText();
  const format = useFormat();
  const size = [
    asset.width && asset.height ? `${asset.width} × ${asset.height}` : "",
    asset.duration_s ? format.seconds(asset.duration_s) : "",
    asset.mime_type.split("/")[1]?.toUpperCase() ?? "",
    format.bytes(asset.size_bytes),
  ];
  const read = recipe?.text?.prompt;
  const hash = recipe?.model.sha256;
  const facts: [string, React.ReactNode][] = [
    [t.viewer.size, size.filter(Boolean).join(", ")],
    [
      t.viewer.made,
      <time key="made" dateTime={asset.created_at}>
        {format.exact(new Date(asset.created_at))}
      </time>,
    ],
  ];
  if (asset.seed !== null)
    facts.unshift([t.studio.seed, <CopyText key="seed" value={String(asset.seed)} name={t.studio.seed} />]);
  if (recipe) {
    facts.push(
      [
        t.viewer.model,
        <span key="model">
          <Link className="link" href={`/library?model=${encodeURIComponent(recipe.model.name)}`}>
            {recipe.model.name}
          </Link>{" "}
          {hash && <CopyText value={hash} short={`${hash.slice(0, 4)}…${hash.slice(-4)}`} name={t.viewer.modelHash} />}
        </span>,
      ],
      [t.viewer.sampling, t.viewer.samplingOf(recipe.steps, recipe.sampler)],
      [t.viewer.guidance, format.number(recipe.guidance_scale)],
      [t.viewer.batch, recipe.batch_shape.join(" × ")],
      [t.viewer.madeOn, `${recipe.device}, ${recipe.dtype}`],
      [
        t.viewer.libraries,
        Object.entries(recipe.libraries)
          .map(([name, version]) => `${name} ${version}`)
          .join(", "),
      ],
    );
    if (read) facts.push([t.viewer.promptRead, t.viewer.tokens(read.read, read.tokens)]);
    for (const { name, weight } of recipe.loras ?? []) facts.push([t.viewer.style, `${name} ${format.number(weight)}`]);
  }
  const charged = Number(job?.metadata["credits_charged"] ?? NaN);
  if (!Number.isNaN(charged)) facts.push([t.viewer.paid, format.credits(charged)]);
  return (
    <dl className="kv">
      {facts.map(([name, value]) => (
        <div key={name} className="pair">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

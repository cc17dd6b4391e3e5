/** Asks how much is drawn again, and sends the replay. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { data, newIdempotencyKey, platform } from "~/api/client";
import { outputsOf, type Asset, type Job } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";

interface ReplayDialogProps {
  asset: Asset;
  /** The job that made the asset. */
  job: Job | undefined;
  /** How many pictures were drawn together. */
  batch: number;
  onClose: () => void;
}

export function ReplayDialog({ asset, job, batch, onClose }: ReplayDialogProps) {
  const t = useText();
  const format = useFormat();
  const [, navigate] = useLocation();
  const [whole, setWhole] = useState(false);
  const [key] = useState(newIdempotencyKey);
  const replay = useMutation({
    mutationFn: () => {
      const params = { path: { asset_id: asset.id }, header: { "Idempotency-Key": `${key}${whole ? "-batch" : ""}` } };
      return data(platform.POST("/api/assets/{asset_id}/replay", { params, body: { whole_batch: whole } }));
    },
    onSuccess: (answer) => {
      onClose();
      navigate(`/studio/replay/${asset.id}/${answer.job_id}/${answer.index}`);
    },
  });
  const each = priceOfOne(job);
  return (
    <FormDialog
      title={t.compare.replay}
      act={each === null ? t.compare.makeAgain : t.compare.makeAgainFor(format.credits(each * (whole ? batch : 1)))}
      isReady
      isPending={replay.isPending}
      error={replay.error}
      onSubmit={() => replay.mutate()}
      onClose={onClose}
    >
      <p className="dim">{t.compare.replayHint}</p>
      {batch > 1 && (
        <>
          <div className="seg full" role="group" aria-label={t.compare.howMuch}>
            <button type="button" aria-pressed={!whole} onClick={() => setWhole(false)}>
              {t.compare.thisOne}
            </button>
            <button type="button" aria-pressed={whole} onClick={() => setWhole(true)}>
              {t.compare.wholeBatch(batch)}
            </button>
          </div>
          <p className="hint">{whole ? t.compare.wholeBatchHint : t.compare.thisOneHint}</p>
        </>
      )}
    </FormDialog>
  );
}

/** What one output of the job was charged, or null if that cannot be said. */
function priceOfOne(job: Job | undefined): number | null {
  const outputs = job ? outputsOf(job).length : 0;
  const charged = Number(job?.metadata["credits_charged"] ?? NaN);
  return outputs === 0 || Number.isNaN(charged) ? null : charged / outputs;
}

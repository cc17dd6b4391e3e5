/** Asks how much is drawn again, and sends the replay. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { data, newIdempotencyKey, platform } from "~/api/client";
import type { Asset } from "~/api/types";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";

interface ReplayDialogProps {
  asset: Asset;
  /** How many pictures were drawn together. */
  batch: number;
  onClose: () => void;
}

export function ReplayDialog({ asset, batch, onClose }: ReplayDialogProps) {
  const t = useText();
  const [, navigate] = useLocation();
  const [whole, setWhole] = useState(false);
  const [key] = useState(newIdempotencyKey);
  const replay = useMutation({
    mutationFn: (wholeBatch: boolean) => {
      const header = { "Idempotency-Key": `${key}${wholeBatch ? "-batch" : ""}` };
      const params = { path: { asset_id: asset.id }, header };
      return data(platform.POST("/api/assets/{asset_id}/replay", { params, body: { whole_batch: wholeBatch } }));
    },
    onSuccess: (answer) => {
      onClose();
      navigate(`/studio/replay/${asset.id}/${answer.job_id}/${answer.index}`);
    },
  });
  return (
    <FormDialog
      title={t.compare.replay}
      act={t.compare.makeAgain}
      isReady
      isPending={replay.isPending}
      error={replay.error}
      onSubmit={() => replay.mutate(whole)}
      onClose={onClose}
    >
      <p className="dim">{t.compare.replayHint}</p>
      <p className="dim">{t.compare.replayPrice}</p>
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

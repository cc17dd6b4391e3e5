/** Asks how much is drawn again, and sends the replay. */
import { useState } from "react";
import { useLocation } from "wouter";
import { data, platform } from "~/api/client";
import type { Asset } from "~/api/types";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useKeyed } from "~/parts/useKeyed";

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
  const { ask, error, isPending } = useKeyed(
    (wholeBatch: boolean, key) => {
      const params = { path: { asset_id: asset.id }, header: { "Idempotency-Key": key } };
      return data(platform.POST("/api/assets/{asset_id}/replay", { params, body: { whole_batch: wholeBatch } }));
    },
    (answer) => {
      onClose();
      navigate(`/studio/replay/${asset.id}/${answer.job_id}/${answer.index}`);
    },
  );
  return (
    <FormDialog
      title={t.compare.replay}
      act={t.compare.makeAgain}
      isReady
      isPending={isPending}
      error={error}
      onSubmit={() => ask(whole)}
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

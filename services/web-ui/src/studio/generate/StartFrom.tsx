/** The picture to start from: chosen from this device, or put here by the viewer. */
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { sameOrigin } from "~/api/client";
import { Problem, problemOf } from "~/api/problem";
import type { AssetWithRecipe } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Slider } from "./Slider";
import { changeDraft, type Draft } from "./draft";

const ACCEPTED = "image/png,image/jpeg,image/webp";

async function upload(file: File): Promise<AssetWithRecipe> {
  const response = await fetch("/api/uploads", { method: "POST", body: file }).catch(() => {
    throw new Problem(0, {});
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as AssetWithRecipe;
}

export function StartFrom({ draft }: { draft: Draft }) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const { mutate, isPending, error } = useMutation({
    mutationFn: upload,
    onSuccess: ({ id, thumbnail_url, url }) =>
      changeDraft({ start: { asset_id: id, thumbnail: sameOrigin(thumbnail_url ?? url) } }),
  });
  return (
    <div className="stack s3">
      <div className="row">
        <span className="label grow">{t.studio.startFrom}</span>
        {draft.start === null ? (
          <button type="button" className="btn sm" disabled={isPending} onClick={() => input.current?.click()}>
            <Icon name="plus" />
            {isPending ? t.studio.uploading : t.studio.choosePicture}
          </button>
        ) : (
          <>
            <img className="startpic" src={draft.start.thumbnail} alt={t.studio.startFrom} />
            <button
              type="button"
              className="btn ghost sq sm"
              aria-label={t.studio.removeStart}
              onClick={() => changeDraft({ start: null })}
            >
              <Icon name="x" />
            </button>
          </>
        )}
        <input
          ref={input}
          type="file"
          className="sr"
          tabIndex={-1}
          aria-hidden="true"
          accept={ACCEPTED}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) mutate(file);
            target.value = "";
          }}
        />
      </div>
      {error !== null && (
        <p className="error-text" role="alert">
          <Icon name="st-fail" />
          <span>{error.message || t.shared.notReached}</span>
        </p>
      )}
      {draft.start !== null && (
        <Slider
          label={t.studio.strength}
          min={0}
          max={1}
          step={0.05}
          value={draft.strength}
          onChange={(strength) => changeDraft({ strength })}
        />
      )}
    </div>
  );
}

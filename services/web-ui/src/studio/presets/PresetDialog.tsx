/** Names a preset: a new one, one that the form replaces, or one that is renamed. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { changePreset, presetsQuery, savePreset, type Preset, type PresetRequest } from "~/api/presets";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { Dialog } from "~/parts/Dialog";
import { Icon } from "~/parts/Icon";
import { useNotices } from "~/parts/Notices";

const MAX_NAME = 100;

interface PresetDialogProps {
  presets: readonly Preset[];
  request?: PresetRequest;
  renamed?: Preset;
  onClose: () => void;
}

export function PresetDialog({ presets, request, renamed, onClose }: PresetDialogProps) {
  const t = useText();
  const id = useId();
  const client = useQueryClient();
  const { toast } = useNotices();
  const [text, setText] = useState(renamed?.name ?? "");
  const name = text.trim().replace(/\s+/g, " ");
  const replaced = renamed ? undefined : presets.find((preset) => preset.name === name);
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => {
      if (renamed) return changePreset(renamed.id, { name });
      if (request === undefined) throw new TypeError("a preset has a request");
      return replaced ? changePreset(replaced.id, { request }) : savePreset(name, request);
    },
    retry: false,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: presetsQuery.queryKey });
      toast({ text: t.presets.saved(name) });
      onClose();
    },
  });
  return (
    <Dialog
      title={renamed ? t.presets.rename(renamed.name) : t.presets.save}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t.shared.cancel}
          </button>
          <button type="submit" form={id} className="btn primary" disabled={isPending || name === ""}>
            {replaced ? t.presets.replace : t.presets.keep}
          </button>
        </>
      }
    >
      <form
        id={id}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") mutate();
        }}
      >
        <div className="field">
          <label className="label" htmlFor={`${id}-name`}>
            {t.presets.name}
          </label>
          <input
            className="input"
            id={`${id}-name`}
            value={text}
            maxLength={MAX_NAME}
            onChange={({ target }) => setText(target.value)}
          />
        </div>
        {error !== null && (
          <p className="error-text" role="alert">
            <Icon name="st-fail" />
            <span>{asProblem(error).message || t.shared.notReached}</span>
          </p>
        )}
      </form>
    </Dialog>
  );
}

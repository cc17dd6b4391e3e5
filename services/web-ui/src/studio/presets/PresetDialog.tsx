/** Names a preset: a new one, one that the form replaces, or one that is renamed. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changePreset, presetsQuery, savePreset, type Preset, type PresetRequest } from "~/api/presets";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useNotices } from "~/parts/Notices";
import { TextField } from "~/parts/TextField";

const MAX_NAME = 100;

interface PresetDialogProps {
  presets: readonly Preset[];
  request?: PresetRequest;
  renamed?: Preset;
  onClose: () => void;
}

export function PresetDialog({ presets, request, renamed, onClose }: PresetDialogProps) {
  const t = useText();
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
    <FormDialog
      title={renamed ? t.presets.rename(renamed.name) : t.presets.save}
      act={replaced ? t.presets.replace : t.presets.keep}
      isReady={name !== ""}
      isPending={isPending}
      error={error}
      onSubmit={mutate}
      onClose={onClose}
    >
      <TextField label={t.presets.name} value={text} maxLength={MAX_NAME} onChange={setText} />
    </FormDialog>
  );
}

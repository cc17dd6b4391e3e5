/** The dialogs of presets. They stand outside the form of the studio, because they contain forms. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { deletePreset, presetsQuery, type Preset, type PresetRequest } from "~/api/presets";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { useNotices } from "~/parts/Notices";
import { PresetDialog } from "./PresetDialog";

export type PresetAct = { kind: "save"; request: PresetRequest } | { kind: "rename" | "delete"; preset: Preset };

export function PresetDialogs({ act, onClose }: { act: PresetAct | null; onClose: () => void }) {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  const { data: presets = [] } = useQuery(presetsQuery);
  const remove = useMutation({
    mutationFn: deletePreset,
    onError: (error) => toast({ text: asProblem(error).message || t.shared.notReached }),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: presetsQuery.queryKey });
      onClose();
    },
  });
  if (act === null) return null;
  if (act.kind === "save") return <PresetDialog presets={presets} request={act.request} onClose={onClose} />;
  if (act.kind === "rename") return <PresetDialog presets={presets} renamed={act.preset} onClose={onClose} />;
  return (
    <ConfirmDialog
      title={t.presets.remove(act.preset.name)}
      act={t.viewer.discard}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate(act.preset.id)}
      onClose={onClose}
    >
      {t.presets.removeHint}
    </ConfirmDialog>
  );
}

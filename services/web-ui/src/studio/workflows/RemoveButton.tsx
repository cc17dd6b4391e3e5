/** Deletes a workflow or a collection after a question, and leaves its page. */
import { useState } from "react";
import { useLocation } from "wouter";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Icon } from "~/parts/Icon";
import { useAct } from "~/parts/useAct";

interface RemoveButtonProps {
  name: string;
  /** What it means for the rest. */
  hint: string;
  /** The list that it is in. */
  list: "workflows" | "collections";
  remove: () => Promise<void>;
}

export function RemoveButton({ name, hint, list, remove }: RemoveButtonProps) {
  const t = useText();
  const [, navigate] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const act = useAct({
    run: async () => {
      await remove();
      navigate("/studio/workflows", { replace: true });
      return t.workflows.removed(name);
    },
    changes: [list],
    onSettled: () => setAsking(false),
  });
  return (
    <>
      <button type="button" className="btn danger" onClick={() => setAsking(true)}>
        <Icon name="trash" />
        {t.workflows.remove}
      </button>
      {isAsking && (
        <ConfirmDialog
          title={t.workflows.removeTitle(name)}
          act={t.workflows.remove}
          isPending={act.isPending}
          onConfirm={() => act.mutate()}
          onClose={() => setAsking(false)}
        >
          {hint}
        </ConfirmDialog>
      )}
    </>
  );
}

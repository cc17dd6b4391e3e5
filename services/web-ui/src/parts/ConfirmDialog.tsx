/** Asks before an act that cannot be undone. The button names the act. */
import type { ReactNode } from "react";
import { useText } from "~/i18n";
import { Dialog } from "./Dialog";

interface ConfirmDialogProps {
  title: string;
  act: string;
  children: ReactNode;
  isPending: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog({ title, act, children, isPending, onConfirm, onClose }: ConfirmDialogProps) {
  const t = useText();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t.shared.cancel}
          </button>
          <button type="button" className="btn primary" disabled={isPending} onClick={onConfirm}>
            {act}
          </button>
        </>
      }
    >
      <p>{children}</p>
    </Dialog>
  );
}

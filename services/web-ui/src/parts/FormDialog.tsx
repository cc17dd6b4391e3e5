/** A dialog that sends a form. It shows why sending failed, and stays open until it succeeds. */
import { useId, type ReactNode } from "react";
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

interface FormDialogProps {
  title: string;
  /** What the button that sends the form does. */
  act: string;
  children: ReactNode;
  isReady: boolean;
  isPending: boolean;
  error: Error | null;
  onSubmit: () => void;
  onClose: () => void;
}

export function FormDialog({ title, act, children, isReady, isPending, error, onSubmit, onClose }: FormDialogProps) {
  const t = useText();
  const id = useId();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t.shared.cancel}
          </button>
          <button type="submit" form={id} className="btn primary" disabled={isPending || !isReady}>
            {act}
          </button>
        </>
      }
    >
      <form
        id={id}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isPending) onSubmit();
        }}
      >
        {children}
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

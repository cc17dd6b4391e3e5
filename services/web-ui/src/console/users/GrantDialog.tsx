/** Adds credits to a user's balance, or deducts them, with the reason. Repeating a lost request grants once. */
import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { grantCredits, type AdminUser } from "~/api/adminUsers";
import { useFormat, useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useNotices } from "~/parts/Notices";
import { useKeyed } from "~/parts/useKeyed";
import { amountOf } from "./amount";

const MAX_NOTE = 200;

export function GrantDialog({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const t = useText();
  const format = useFormat();
  const id = useId();
  const client = useQueryClient();
  const { toast } = useNotices();
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const amount = amountOf(text);
  const { ask, error, isPending } = useKeyed(grantCredits, async ({ balance }) => {
    toast({ text: t.users.given(user.name, format.credits(balance)) });
    await client.invalidateQueries({ queryKey: ["admin-users"] });
    onClose();
  });
  const isReady = amount !== null && note.trim() !== "";
  return (
    <FormDialog
      title={t.users.giveTitle(user.name)}
      act={
        amount === null
          ? t.users.give
          : amount < 0
            ? t.users.deductN(format.credits(-amount))
            : t.users.giveN(format.credits(amount))
      }
      isReady={isReady}
      isPending={isPending}
      error={error}
      onSubmit={() => ask({ user, amount: amount ?? 0, note: note.trim() })}
      onClose={onClose}
    >
      <p>{t.users.has(format.credits(user.credits))}</p>
      <div className="field">
        <label className="label" htmlFor={`${id}-amount`}>
          {t.users.amount}
        </label>
        <input
          className="input"
          id={`${id}-amount`}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          maxLength={16}
          aria-describedby={`${id}-hint`}
          aria-invalid={text !== "" && amount === null}
          onChange={({ target }) => setText(target.value)}
        />
        <p className="small faint" id={`${id}-hint`}>
          {t.users.amountHint}
        </p>
      </div>
      <div className="field">
        <label className="label" htmlFor={`${id}-note`}>
          {t.users.reason}
        </label>
        <input
          className="input"
          id={`${id}-note`}
          autoComplete="off"
          value={note}
          maxLength={MAX_NOTE}
          aria-describedby={`${id}-note-hint`}
          onChange={({ target }) => setNote(target.value)}
        />
        <p className="small faint" id={`${id}-note-hint`}>
          {t.users.reasonHint}
        </p>
      </div>
    </FormDialog>
  );
}

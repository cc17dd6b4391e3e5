/** Adds credits to a user's balance, or deducts them, with the reason. Repeating a lost request grants once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { grantCredits, newGrantKey, type AdminUser } from "~/api/adminUsers";
import { useFormat, useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useNotices } from "~/parts/Notices";
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
  const [key, setKey] = useState(newGrantKey);
  const amount = amountOf(text);
  const { mutate, error, isPending } = useMutation({
    mutationFn: grantCredits,
    onSuccess: async ({ balance }) => {
      toast({ text: t.users.given(user.name, format.credits(balance)) });
      await client.invalidateQueries({ queryKey: ["admin-users"] });
      onClose();
    },
  });
  const edit = (set: (value: string) => void) => (value: string) => {
    set(value);
    setKey(newGrantKey()); // another request than the one that may have arrived
  };
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
      onSubmit={() => mutate({ user, amount: amount ?? 0, note: note.trim(), key })}
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
          onChange={({ target }) => edit(setText)(target.value)}
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
          onChange={({ target }) => edit(setNote)(target.value)}
        />
        <p className="small faint" id={`${id}-note-hint`}>
          {t.users.reasonHint}
        </p>
      </div>
    </FormDialog>
  );
}

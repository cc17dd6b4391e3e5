/** Adds credits to a user's balance, or deducts them, with the reason. Repeating a lost request grants once. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { grantCredits, type AdminUser } from "~/api/adminUsers";
import { useFormat, useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useNotices } from "~/parts/Notices";
import { TextField } from "~/parts/TextField";
import { useKeyed } from "~/parts/useKeyed";
import { amountOf } from "./amount";

const MAX_NOTE = 200;

export function GrantDialog({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const t = useText();
  const format = useFormat();
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
      <TextField
        label={t.users.amount}
        value={text}
        maxLength={16}
        inputMode="decimal"
        isWrong={text !== "" && amount === null}
        hint={t.users.amountHint}
        onChange={setText}
      />
      <TextField
        label={t.users.reason}
        value={note}
        maxLength={MAX_NOTE}
        hint={t.users.reasonHint}
        onChange={setNote}
      />
    </FormDialog>
  );
}

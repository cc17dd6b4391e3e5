/** Names a new key and says what it may do. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keysQuery, makeKey, PURPOSES, type Purpose } from "~/api/apiKeys";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { SelectField } from "~/parts/SelectField";
import { TextField } from "~/parts/TextField";

const MAX_NAME = 100;

interface NewKeyDialogProps {
  onClose: () => void;
  onMade: (name: string, key: string) => void;
}

export function NewKeyDialog({ onClose, onMade }: NewKeyDialogProps) {
  const t = useText();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [purpose, setPurpose] = useState<Purpose>("generate");
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => makeKey(name.trim(), purpose),
    retry: false,
    onSuccess: async (key) => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
      onMade(name.trim(), key);
    },
  });
  return (
    <FormDialog
      title={t.apiKeys.make}
      act={t.apiKeys.create}
      isReady={name.trim() !== ""}
      isPending={isPending}
      error={error}
      onSubmit={mutate}
      onClose={onClose}
    >
      <TextField
        label={t.apiKeys.name}
        value={name}
        maxLength={MAX_NAME}
        placeholder={t.apiKeys.nameHint}
        onChange={setName}
      />
      <SelectField
        label={t.apiKeys.may}
        options={(Object.keys(PURPOSES) as Purpose[]).map((each) => [each, t.apiKeys.purposes[each]] as const)}
        value={purpose}
        onChange={setPurpose}
      />
    </FormDialog>
  );
}

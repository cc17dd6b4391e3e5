/** Names a new key and says what it may do. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { keysQuery, makeKey, PURPOSES, type Purpose } from "~/api/apiKeys";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { Icon } from "~/parts/Icon";

const MAX_NAME = 100;

interface NewKeyDialogProps {
  onClose: () => void;
  onMade: (name: string, key: string) => void;
}

export function NewKeyDialog({ onClose, onMade }: NewKeyDialogProps) {
  const t = useText();
  const id = useId();
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
      <div className="field">
        <label className="label" htmlFor={`${id}-name`}>
          {t.apiKeys.name}
        </label>
        <input
          className="input"
          id={`${id}-name`}
          value={name}
          maxLength={MAX_NAME}
          placeholder={t.apiKeys.nameHint}
          onChange={({ target }) => setName(target.value)}
        />
      </div>
      <div className="field">
        <label className="label" htmlFor={`${id}-purpose`}>
          {t.apiKeys.may}
        </label>
        <span className="select">
          <select id={`${id}-purpose`} value={purpose} onChange={({ target }) => setPurpose(target.value as Purpose)}>
            {Object.keys(PURPOSES).map((each) => (
              <option key={each} value={each}>
                {t.apiKeys.purposes[each as Purpose]}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </span>
      </div>
    </FormDialog>
  );
}

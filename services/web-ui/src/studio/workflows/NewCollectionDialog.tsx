/** Makes a collection of a workflow: each placeholder becomes a field of its form. */
import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { saveCollection, type NewCollection, type Workflow } from "~/api/workflows";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { TextField } from "~/parts/TextField";
import { useKeyed } from "~/parts/useKeyed";
import { labelOf, placeholdersOf } from "./placeholders";

const MAX_TITLE = 200;
const MAX_OPTIONS = 200;

interface NewCollectionDialogProps {
  workflow: Workflow;
  onClose: () => void;
  onMade: (id: string) => void;
}

export function NewCollectionDialog({ workflow, onClose, onMade }: NewCollectionDialogProps) {
  const t = useText();
  const id = useId();
  const client = useQueryClient();
  const [title, setTitle] = useState(workflow.label);
  const [choices, setChoices] = useState<Record<string, string>>({});
  const placeholders = placeholdersOf(workflow);
  const { ask, error, isPending } = useKeyed(saveCollection, async (made) => {
    await client.invalidateQueries({ queryKey: ["collections"] });
    onMade(made);
  });
  const save = () => {
    const variables = placeholders.map((name) => variableOf(name, choices[name] ?? ""));
    ask({ title: title.trim(), workflow: workflow.name, variables } as NewCollection);
  };
  return (
    <FormDialog
      title={t.workflows.newCollection}
      act={t.workflows.save}
      isReady={title.trim() !== ""}
      isPending={isPending}
      error={error}
      onSubmit={save}
      onClose={onClose}
    >
      <p className="dim">{t.workflows.newCollectionHint(workflow.label)}</p>
      <TextField label={t.workflows.name} value={title} maxLength={MAX_TITLE} onChange={setTitle} />
      {placeholders.map((name) => (
        <div className="field" key={name}>
          <label className="label" htmlFor={`${id}-${name}`}>
            {labelOf(name)} <code className="faint">{`{{${name}}}`}</code>
          </label>
          <textarea
            className="input area"
            id={`${id}-${name}`}
            rows={2}
            value={choices[name] ?? ""}
            placeholder={t.workflows.optionsHint}
            onChange={({ target }) => setChoices({ ...choices, [name]: target.value })}
          />
        </div>
      ))}
      {placeholders.length === 0 && <p className="dim">{t.workflows.noPlaceholders}</p>}
    </FormDialog>
  );
}

/** A variable is one of the choices, one a line; without choices it is any text. */
function variableOf(placeholder: string, lines: string) {
  const options = lines
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, MAX_OPTIONS);
  return {
    name: labelOf(placeholder),
    template_mapping: placeholder,
    options,
    is_selectable: options.length > 0,
    is_customizable: options.length === 0,
  };
}

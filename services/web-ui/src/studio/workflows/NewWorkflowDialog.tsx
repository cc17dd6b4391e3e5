/** Saves a workflow of one's own: its definition is pasted as JSON. */
import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Problem } from "~/api/problem";
import { saveWorkflow, type NewWorkflow } from "~/api/workflows";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { SelectField } from "~/parts/SelectField";
import { TextField } from "~/parts/TextField";
import { useKeyed } from "~/parts/useKeyed";

type Type = NonNullable<NewWorkflow["type"]>;
const OUTPUTS = ["image/png", "video/mp4", "application/json"];
const EXAMPLES: Record<Type, object> = {
  basic: { steps: [{ job_type: "sdxl_image_fast", payload: { prompt: "a poster of {{subject}}" } }] },
  comfy_workflow: { workflow: {} },
  fetch_api: { url: "https://example.com/{{path}}", method: "GET" },
  direct_job: { job_type: "sdxl_image_fast" },
  dynamic_json: { job_type: "sdxl_image_fast", template: { prompt: "{{mood}} sea" } },
};

interface NewWorkflowDialogProps {
  onClose: () => void;
  onMade: (name: string) => void;
}

export function NewWorkflowDialog({ onClose, onMade }: NewWorkflowDialogProps) {
  const t = useText();
  const id = useId();
  const client = useQueryClient();
  const [label, setLabel] = useState("");
  const [type, setType] = useState<Type>("basic");
  const [output, setOutput] = useState("image/png");
  const [definition, setDefinition] = useState(() => pretty(EXAMPLES.basic));
  const { ask, error, isPending } = useKeyed(
    async (workflow: NewWorkflow, key) => {
      checkObject(workflow.definition, t.workflows.noObject);
      return await saveWorkflow(workflow, key);
    },
    async (name) => {
      await client.invalidateQueries({ queryKey: ["workflows"] });
      onMade(name);
    },
  );
  const save = () => {
    const name = nameOf(label);
    ask({ name, label: label.trim(), description: "", type, output_mime_type: output, definition });
  };
  const choose = (next: Type) => {
    if (definition === pretty(EXAMPLES[type])) setDefinition(pretty(EXAMPLES[next]));
    setType(next);
  };
  return (
    <FormDialog
      title={t.workflows.make}
      act={t.workflows.save}
      isReady={nameOf(label) !== ""}
      isPending={isPending}
      error={error}
      onSubmit={save}
      onClose={onClose}
    >
      <TextField
        label={
          <>
            {t.workflows.name} <code className="faint">{nameOf(label)}</code>
          </>
        }
        value={label}
        maxLength={100}
        {...(label.trim() !== "" && nameOf(label) === "" ? { hint: t.workflows.nameHint } : {})}
        onChange={setLabel}
      />
      <SelectField
        label={t.workflows.type}
        options={Object.entries(t.workflows.types) as [Type, string][]}
        value={type}
        onChange={choose}
      />
      <SelectField
        label={t.workflows.output}
        options={OUTPUTS.map((mime) => [mime, mime] as const)}
        value={output}
        onChange={setOutput}
      />
      <div className="field">
        <label className="label" htmlFor={`${id}-data`}>
          {t.workflows.definition}
        </label>
        <textarea
          className="input area mono"
          id={`${id}-data`}
          rows={9}
          spellCheck={false}
          value={definition}
          aria-describedby={`${id}-hint`}
          onChange={({ target }) => setDefinition(target.value)}
        />
        <p className="hint" id={`${id}-hint`}>
          {t.workflows.definitionHint}
        </p>
      </div>
    </FormDialog>
  );
}

const pretty = (definition: object) => JSON.stringify(definition, null, 2);

/** Return the name of a workflow in addresses: letters, digits and `-`. */
function nameOf(label: string): string {
  const plain = label.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
  return plain
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 100);
}

/** Throws a Problem with the sentence if the text is no JSON object. */
function checkObject(text: string, otherwise: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Problem(400, { error: otherwise });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new Problem(400, { error: otherwise });
}

/** Saves a workflow of one's own: its definition is pasted as JSON. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { newIdempotencyKey } from "~/api/client";
import { Problem } from "~/api/problem";
import { saveWorkflow, type NewWorkflow } from "~/api/workflows";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { Icon } from "~/parts/Icon";

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
  const { mutate, error, isPending } = useMutation({
    mutationFn: () =>
      saveWorkflow(
        {
          name: nameOf(label),
          label: label.trim(),
          description: "",
          type,
          output_mime_type: output,
          data: parse(definition, t.workflows.noObject),
        } as NewWorkflow,
        newIdempotencyKey(),
      ),
    retry: false,
    onSuccess: async (name) => {
      await client.invalidateQueries({ queryKey: ["workflows"] });
      onMade(name);
    },
  });
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
      onSubmit={mutate}
      onClose={onClose}
    >
      <div className="field">
        <label className="label" htmlFor={`${id}-label`}>
          {t.workflows.name} <code className="faint">{nameOf(label)}</code>
        </label>
        <input
          className="input"
          id={`${id}-label`}
          value={label}
          maxLength={100}
          onChange={({ target }) => setLabel(target.value)}
        />
      </div>
      <Choice label={t.workflows.type} options={Object.entries(t.workflows.types)} value={type} onChoose={choose} />
      <Choice
        label={t.workflows.output}
        options={OUTPUTS.map((mime) => [mime, mime] as const)}
        value={output}
        onChoose={setOutput}
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

interface ChoiceProps<Value extends string> {
  label: string;
  options: readonly (readonly [string, string])[];
  value: Value;
  onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ label, options, value, onChoose }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <span className="select">
        <select id={id} value={value} onChange={({ target }) => onChoose(target.value as Value)}>
          {options.map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </span>
    </div>
  );
}

const pretty = (definition: object) => JSON.stringify(definition, null, 2);

/** Return the name of a workflow in addresses: letters, digits and `-`. */
function nameOf(label: string): string {
  const plain = label.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 100);
}

function parse(text: string, otherwise: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Problem(400, { error: `${otherwise} ${error instanceof Error ? error.message : ""}` });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new Problem(400, { error: otherwise });
  return parsed as Record<string, unknown>;
}

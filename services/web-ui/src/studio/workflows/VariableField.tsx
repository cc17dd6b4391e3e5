/** The field of one variable: a choice, free text, or free text with suggestions. */
import { useId } from "react";
import type { Variable } from "~/api/workflows";
import { Icon } from "~/parts/Icon";

interface VariableFieldProps {
  variable: Variable;
  value: string;
  onChange: (value: string) => void;
}

export function VariableField({ variable, value, onChange }: VariableFieldProps) {
  const id = useId();
  const { name, options } = variable;
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {name}
      </label>
      {options.length > 0 && !variable.is_customizable ? (
        <span className="select">
          <select id={id} value={value} onChange={({ target }) => onChange(target.value)}>
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
          <Icon name="down" />
        </span>
      ) : options.length > 0 ? (
        <>
          <input
            className="input"
            id={id}
            list={`${id}-options`}
            value={value}
            onChange={({ target }) => onChange(target.value)}
          />
          <datalist id={`${id}-options`}>
            {options.map((option) => (
              <option key={option} value={option} />
            ))}
          </datalist>
        </>
      ) : (
        <textarea
          className="input area"
          id={id}
          rows={variable.template_mapping === "prompt" ? 4 : 2}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </div>
  );
}

/** A choice of a few with its label above it. */
import { useId } from "react";
import { Icon } from "./Icon";

interface SelectFieldProps<Value extends string> {
  label: string;
  /** Values and what is shown of them. */
  options: readonly (readonly [Value, string])[];
  value: Value;
  onChange: (value: Value) => void;
}

export function SelectField<Value extends string>({ label, options, value, onChange }: SelectFieldProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <span className="select">
        <select id={id} value={value} onChange={({ target }) => onChange(target.value as Value)}>
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

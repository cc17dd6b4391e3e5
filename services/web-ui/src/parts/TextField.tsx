/** A line of text with its label above it and a hint below. */
import { useId, type ReactNode } from "react";

interface TextFieldProps {
  label: ReactNode;
  value: string;
  maxLength: number;
  onChange: (value: string) => void;
  placeholder?: string;
  hint?: string;
  isWrong?: boolean;
  inputMode?: "decimal";
}

export function TextField({
  label,
  value,
  maxLength,
  onChange,
  placeholder,
  hint,
  isWrong,
  inputMode,
}: TextFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        className="input"
        id={id}
        autoComplete="off"
        value={value}
        maxLength={maxLength}
        placeholder={placeholder}
        inputMode={inputMode}
        aria-invalid={isWrong}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={({ target }) => onChange(target.value)}
      />
      {hint !== undefined && (
        <p className="small faint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

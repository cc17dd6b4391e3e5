/** A filter of a list: a text, or one of some choices, with its name above it. */
import { useId, type ReactNode } from "react";
import { Icon } from "~/parts/Icon";

interface FilterProps {
  name: string;
  value: string;
  onChange: (value: string) => void;
}

const MAX_CHARACTERS = 200;

export function TextFilter({ name, value, onChange, options = [] }: FilterProps & { options?: readonly string[] }) {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{name}</label>
      <input
        id={id}
        className="input"
        type="search"
        autoComplete="off"
        spellCheck={false}
        maxLength={MAX_CHARACTERS}
        value={value}
        onChange={({ target }) => onChange(target.value.trim())}
        {...(options.length > 0 ? { list: `${id}-list` } : {})}
      />
      {options.length > 0 && (
        <datalist id={`${id}-list`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </div>
  );
}

export function ChoiceFilter({ name, value, onChange, children }: FilterProps & { children: ReactNode }) {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{name}</label>
      <span className="select">
        <select id={id} value={value} onChange={({ target }) => onChange(target.value)}>
          {children}
        </select>
        <Icon name="down" />
      </span>
    </div>
  );
}

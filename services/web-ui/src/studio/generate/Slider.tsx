/** A number by a slider, or typed: what is typed may go beyond the slider, up to the limits. */
import { useState } from "react";
import { vars } from "~/parts/css";

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  /** Least and largest number that may be typed; by default those of the slider. */
  limits?: readonly [number, number];
  value: number;
  onChange: (value: number) => void;
}

export function Slider({ label, min, max, step, limits = [min, max], value, onChange }: SliderProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = Math.min(max, Math.max(min, value));
  const filled = Math.round(((shown - min) / (max - min)) * 100);
  const take = (text: string) => {
    setTyped(text);
    const entered = Number(text.replace(",", "."));
    if (text.trim() !== "" && entered >= limits[0] && entered <= limits[1]) onChange(entered);
  };
  return (
    <div className="field">
      <span className="label">{label}</span>
      <span className="slider" style={vars({ "--p": filled })}>
        <input
          type="range"
          aria-label={label}
          min={min}
          max={max}
          step={step}
          value={shown}
          onChange={({ target }) => onChange(target.valueAsNumber)}
        />
        <input
          className="input"
          type="text"
          inputMode="decimal"
          role="spinbutton"
          autoComplete="off"
          maxLength={8}
          aria-label={label}
          aria-valuemin={limits[0]}
          aria-valuemax={limits[1]}
          aria-valuenow={value}
          value={typed ?? String(value)}
          onChange={({ target }) => take(target.value)}
          onBlur={() => setTyped(null)}
        />
      </span>
    </div>
  );
}

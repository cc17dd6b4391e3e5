/** A number between two limits, by a slider or typed. */
import { vars } from "~/parts/css";

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onChange: (value: number) => void;
}

export function Slider({ label, min, max, step, value, onChange }: SliderProps) {
  const filled = Math.round(((value - min) / (max - min)) * 100);
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
          value={value}
          onChange={({ target }) => onChange(target.valueAsNumber)}
        />
        <input
          className="input"
          type="number"
          aria-label={label}
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={({ target }) => {
            const entered = target.valueAsNumber;
            if (entered >= min && entered <= max) onChange(entered);
          }}
        />
      </span>
    </div>
  );
}

/** A line over time: silver, or red for the one to read. */
import { useFormat } from "~/i18n";

interface LineChartProps {
  /** Name and summary for screen readers. */
  label: string;
  points: readonly { at: number; value: number | null }[];
  red?: boolean;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [600, 180, 36, 22];

export function LineChart({ label, points, red = false }: LineChartProps) {
  const format = useFormat();
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 1;
  const top = niceCeiling(Math.max(2, ...points.map(({ value }) => value ?? 0)));
  const x = (at: number) => LEFT + ((WIDTH - LEFT) * (at - first)) / Math.max(1, last - first);
  const y = (value: number) => (HEIGHT - BOTTOM) * (1 - value / top) + 4;
  const known = points.filter((point) => point.value !== null);
  const line = known.map(({ at, value }, index) => `${index === 0 ? "M" : "L"}${x(at)} ${y(value ?? 0)}`).join("");
  const area = known.length > 1 ? `${line}L${x(known.at(-1)?.at ?? 0)} ${y(0)}L${x(known[0]?.at ?? 0)} ${y(0)}Z` : "";
  const times = [0, 0.25, 0.5, 0.75, 1].map((part) => first + (last - first) * part);
  return (
    <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line className="grid" x1={LEFT} x2={WIDTH} y1={y(top * part)} y2={y(top * part)} />
          <text x={LEFT - 8} y={y(top * part) + 4} textAnchor="end">
            {format.number(top * part)}
          </text>
        </g>
      ))}
      {red && <path className="a1" d={area} />}
      <path className={red ? "l1" : "l2"} d={line} />
      {times.map((at, index) => (
        <text
          key={at}
          className={index % 2 === 1 ? "minor" : ""}
          x={x(at)}
          y={HEIGHT - 2}
          textAnchor={index === 0 ? "start" : index === 4 ? "end" : "middle"}
        >
          {format.clock(at)}
        </text>
      ))}
    </svg>
  );
}

/** Return the least of 1, 2, 4, 10, 20 … that is not below `value`: its half is a whole number, too. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 10].map((factor) => factor * power).find((nice) => nice >= value) ?? value;
}

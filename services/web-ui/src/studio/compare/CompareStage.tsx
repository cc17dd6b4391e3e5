/** Two assets over one another with a movable edge, side by side, or their differences. */
import { useEffect, useRef, useState, type PointerEvent } from "react";
import { sameOrigin } from "~/api/client";
import { isVideo, type Asset } from "~/api/types";
import { useText } from "~/i18n";
import { vars } from "~/parts/css";
import type { Difference, Pixels } from "./difference";

export type View = "edge" | "side" | "heat";

interface CompareStageProps {
  first: Asset;
  second: Asset;
  view: View;
  difference: Difference | null;
  names: readonly [string, string];
}

export function CompareStage({ first, second, view, difference, names }: CompareStageProps) {
  if (view === "heat" && difference !== null) return <Heat of={difference.heat} />;
  if (view === "edge" && !isVideo(first.mime_type) && !isVideo(second.mime_type))
    return <Edge first={first} second={second} names={names} />;
  return (
    <div className="pair-side">
      <Side asset={first} name={names[0]} />
      <Side asset={second} name={names[1]} />
    </div>
  );
}

function Side({ asset, name }: { asset: Asset; name: string }) {
  const url = sameOrigin(asset.url);
  return (
    <figure>
      {isVideo(asset.mime_type) ? (
        <video src={url} aria-label={name} controls loop muted autoPlay playsInline />
      ) : (
        <img src={url} alt={name} draggable={false} />
      )}
      <figcaption className="dim">{name}</figcaption>
    </figure>
  );
}

const MIDDLE = 50;

/** The edge is where the pointer is; the slider below moves it by keys. */
function Edge({ first, second, names }: Pick<CompareStageProps, "first" | "second" | "names">) {
  const t = useText();
  const [percent, setPercent] = useState(MIDDLE);
  const follow = (event: PointerEvent<HTMLDivElement>) => {
    if (event.pointerType !== "mouse" && event.buttons === 0) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPercent(Math.min(100, Math.max(0, ((event.clientX - left) / width) * 100)));
  };
  const ratio = (first.width ?? 1) / (first.height ?? 1);
  return (
    <div className="pair-edge">
      <div className="over" style={vars({ "--cut": `${percent}%`, "--ar": ratio })} onPointerMove={follow}>
        <img src={sameOrigin(first.url)} alt={names[0]} draggable={false} />
        <img className="second" src={sameOrigin(second.url)} alt={names[1]} draggable={false} />
        <i aria-hidden="true" />
        <span className="tag tl" aria-hidden="true">
          {names[0]}
        </span>
        <span className="tag tr" aria-hidden="true">
          {names[1]}
        </span>
      </div>
      <span className="slider" style={vars({ "--p": Math.round(percent) })}>
        <input
          type="range"
          min={0}
          max={100}
          value={Math.round(percent)}
          aria-label={t.compare.edge}
          onChange={(event) => setPercent(event.target.valueAsNumber)}
        />
      </span>
    </div>
  );
}

function Heat({ of }: { of: Pixels }) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new ImageData(new Uint8ClampedArray(of.data), of.width, of.height);
    canvas.current?.getContext("2d")?.putImageData(image, 0, 0);
  }, [of]);
  return (
    <div className="pair-heat">
      <canvas ref={canvas} width={of.width} height={of.height} role="img" aria-label={t.compare.heat} />
    </div>
  );
}

/** A picture that can be zoomed and moved. `zoom` is in screen pixels per picture pixel; null fits it to the stage. */
import { useEffect, useRef, useState, type PointerEvent, type WheelEvent } from "react";
import { sameOrigin } from "~/api/client";
import type { Asset } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { useKeys } from "~/parts/useKeys";

const STEP = 1.25;
const [SMALLEST, LARGEST] = [0.1, 8];

export function PictureStage({ asset, alt }: { asset: Asset; alt: string }) {
  const t = useText();
  const format = useFormat();
  const frame = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<number | null>(null);
  const [fit, setFit] = useState(1);
  const width = asset.width ?? 1;
  const height = asset.height ?? 1;

  useEffect(() => {
    const shown = frame.current;
    if (shown === null) return;
    const observer = new ResizeObserver(() => {
      setFit(Math.min(shown.clientWidth / width, shown.clientHeight / height));
    });
    observer.observe(shown);
    return () => observer.disconnect();
  }, [width, height]);

  const current = zoom ?? fit;
  const to = (value: number) => setZoom(Math.min(LARGEST, Math.max(SMALLEST, value)));
  useKeys({
    "+": () => to(current * STEP),
    "=": () => to(current * STEP),
    "-": () => to(current / STEP),
    "0": () => setZoom(null),
    "1": () => setZoom(1),
  });
  const onWheel = (event: WheelEvent) => {
    if (event.ctrlKey || event.metaKey) to(current * (event.deltaY < 0 ? STEP : 1 / STEP));
  };
  const onDrag = (event: PointerEvent) => {
    if (event.buttons !== 1 || event.pointerType === "touch") return;
    frame.current?.scrollBy(-event.movementX, -event.movementY);
  };
  const size = { width: width * current, height: height * current };
  return (
    <>
      <div
        ref={frame}
        className={zoom === null ? "print" : "print zoomed"}
        onWheel={onWheel}
        onPointerMove={onDrag}
        onDoubleClick={() => setZoom(zoom === null ? Math.max(1, fit * 2) : null)}
      >
        <img
          src={sameOrigin(asset.url)}
          alt={alt}
          draggable={false}
          className={current >= 3 ? "pixels" : undefined}
          style={size}
        />
      </div>
      <div className="zoom" role="group" aria-label={t.viewer.zoom}>
        <button type="button" className="tool" aria-label={t.viewer.zoomOut} onClick={() => to(current / STEP)}>
          <Icon name="zoomout" />
        </button>
        <button
          type="button"
          className="zval"
          aria-label={t.viewer.zoomIs(format.percent(current * 100))}
          onClick={() => setZoom(1)}
        >
          {format.percent(current * 100)}
        </button>
        <button type="button" className="tool" aria-label={t.viewer.zoomIn} onClick={() => to(current * STEP)}>
          <Icon name="zoomin" />
        </button>
        <span className="zsep" />
        <button type="button" className="tool" aria-label={t.viewer.fit} onClick={() => setZoom(null)}>
          <Icon name="fit" />
        </button>
      </div>
    </>
  );
}

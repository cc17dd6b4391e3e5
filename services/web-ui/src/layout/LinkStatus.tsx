/** Whether events arrive, and what it means if they do not. */
import { useFormat, useText } from "~/i18n";
import { useLink } from "~/live/Live";
import { Icon } from "~/parts/Icon";

export function LinkStatus() {
  const t = useText();
  const { state } = useLink();
  const isLive = state === "live";
  return (
    <span className={isLive ? "live" : "live off"} title={isLive ? t.link.liveHint : t.link.offlineHint}>
      {isLive ? t.link.live : state === "connecting" ? t.link.connecting : t.link.offline}
    </span>
  );
}

export function OfflineStrip() {
  const t = useText();
  const format = useFormat();
  const { state, since } = useLink();
  if (state !== "offline") return null;
  return (
    <div className="strip" role="alert">
      <Icon name="warn" />
      <span>{t.link.offlineSince(format.clock(since))}</span>
    </div>
  );
}

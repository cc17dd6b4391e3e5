/** What can be done with an endpoint. Only its owner may replace the secret. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { replayAll, rotateSecret, sendTest, setActive, statsQuery, SYSTEM, type Place } from "~/api/webhooks";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Icon } from "~/parts/Icon";
import { useAct } from "~/parts/useAct";

type Act = "test" | "enable" | "disable" | "rotate" | "failed" | "missed";

interface EndpointActionsProps {
  place: Place;
  endpoint: { url: string; active: boolean };
  onSecret: (secret: string) => void;
}

export function EndpointActions({ place, endpoint, onSecret }: EndpointActionsProps) {
  const t = useText();
  const { data: stats } = useQuery(statsQuery(place));
  const [asks, setAsks] = useState<Exclude<Act, "test" | "enable"> | null>(null);
  const run = async (act: Act): Promise<string> => {
    switch (act) {
      case "test":
        await sendTest(place);
        return t.webhooks.tested;
      case "enable":
      case "disable":
        await setActive(place, act === "enable");
        return act === "enable" ? t.webhooks.enabledNow : t.webhooks.disabledNow;
      case "rotate":
        onSecret((await rotateSecret(place)).secret);
        return t.webhooks.rotated;
      default: {
        const { replayed, more } = await replayAll(place, act);
        return t.webhooks.replayed(replayed, more);
      }
    }
  };
  const { mutate, isPending } = useAct({
    run,
    changes: ["webhooks"],
    isRepeatable: false,
    onSettled: () => setAsks(null),
  });
  const [failed, missed] = [stats?.failed_deliveries ?? 0, stats?.missed_deliveries ?? 0];
  const dialogs = {
    disable: { title: t.webhooks.disableTitle, act: t.webhooks.disable, hint: t.webhooks.disableHint },
    rotate: { title: t.webhooks.rotateTitle, act: t.webhooks.rotate, hint: t.webhooks.rotateHint },
    failed: {
      title: t.webhooks.replayTitle(failed),
      act: t.webhooks.replayFailed(failed),
      hint: t.webhooks.replayHint(endpoint.url),
    },
    missed: {
      title: t.webhooks.replayTitle(missed),
      act: t.webhooks.replayMissed(missed),
      hint: t.webhooks.replayHint(endpoint.url),
    },
  };
  return (
    <div className="btns">
      {failed > 0 && (
        <button type="button" className="btn" onClick={() => setAsks("failed")}>
          <Icon name="replay" />
          {t.webhooks.replayFailed(failed)}
        </button>
      )}
      {missed > 0 && (
        <button type="button" className="btn" onClick={() => setAsks("missed")}>
          <Icon name="replay" />
          {t.webhooks.replayMissed(missed)}
        </button>
      )}
      <button type="button" className="btn" disabled={isPending} onClick={() => mutate("test")}>
        {t.webhooks.test}
      </button>
      {place.tenant === SYSTEM && (
        <button type="button" className="btn" onClick={() => setAsks("rotate")}>
          {t.webhooks.rotate}
        </button>
      )}
      <button
        type="button"
        className="btn"
        disabled={isPending}
        onClick={() => (endpoint.active ? setAsks("disable") : mutate("enable"))}
      >
        {endpoint.active ? t.webhooks.disable : t.webhooks.enable}
      </button>
      {asks !== null && (
        <ConfirmDialog
          title={dialogs[asks].title}
          act={dialogs[asks].act}
          isPending={isPending}
          onConfirm={() => mutate(asks)}
          onClose={() => setAsks(null)}
        >
          {dialogs[asks].hint}
        </ConfirmDialog>
      )}
    </div>
  );
}

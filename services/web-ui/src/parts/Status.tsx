/** The state of a job as a shape and a word. */
import type { JobState } from "~/api/types";
import { useText } from "~/i18n";
import { Icon, type IconName } from "./Icon";

const LOOKS: Record<JobState, { look: string; icon: IconName }> = {
  queued: { look: "st wait", icon: "st-wait" },
  delayed: { look: "st warn", icon: "replay" },
  running: { look: "st run", icon: "st-run" },
  completed: { look: "st", icon: "st-done" },
  failed: { look: "st fail", icon: "st-fail" },
  cancelled: { look: "st idle", icon: "st-off" },
};

export function Status({ state }: { state: JobState }) {
  const t = useText();
  return (
    <span className={LOOKS[state].look}>
      <Icon name={LOOKS[state].icon} />
      {t.shared.states[state]}
    </span>
  );
}

/** The status of a step as a shape and a word, in the queue's terms. */
import type { QueueStatus } from "~/api/queueJobs";
import { useText } from "~/i18n";
import { Icon, type IconName } from "~/parts/Icon";

const LOOKS: Record<QueueStatus, { look: string; icon: IconName }> = {
  pending: { look: "st wait", icon: "st-wait" },
  in_progress: { look: "st run", icon: "st-run" },
  completed: { look: "st", icon: "st-done" },
  failed: { look: "st fail", icon: "st-fail" },
  timeout: { look: "st fail", icon: "clock" },
  cancelled: { look: "st idle", icon: "st-off" },
};

export function StepStatus({ status }: { status: QueueStatus }) {
  const t = useText();
  const { look, icon } = LOOKS[status];
  return (
    <span className={look}>
      <Icon name={icon} />
      {t.steps.statuses[status]}
    </span>
  );
}

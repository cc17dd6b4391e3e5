/** The status of a group or a member as a shape and a word. */
import type { GroupMember, GroupStatus } from "~/api/queueGroups";
import { useText } from "~/i18n";
import { Icon, type IconName } from "~/parts/Icon";

const LOOKS: Record<GroupStatus | GroupMember["status"], { look: string; icon: IconName }> = {
  queued: { look: "st wait", icon: "st-wait" },
  running: { look: "st run", icon: "st-run" },
  partial_complete: { look: "st warn", icon: "st-part" },
  completed: { look: "st", icon: "st-done" },
  failed: { look: "st fail", icon: "st-fail" },
  cancelled: { look: "st idle", icon: "st-off" },
};

export function GroupState({ status }: { status: GroupStatus | GroupMember["status"] }) {
  const t = useText();
  const { look, icon } = LOOKS[status];
  return (
    <span className={look}>
      <Icon name={icon} />
      {t.groups.statuses[status]}
    </span>
  );
}

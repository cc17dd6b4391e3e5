/** One job group: its policy, and what its members do. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { cancelGroup, groupQuery, type Group } from "~/api/queueGroups";
import { useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { CopyText } from "~/parts/CopyText";
import { Icon } from "~/parts/Icon";
import { NotLoaded } from "~/parts/NotLoaded";
import { shortId } from "~/parts/shortId";
import { useAct } from "~/parts/useAct";
import { GroupState } from "./GroupState";
import { Members } from "./Members";

export function GroupPage({ id }: { id: string }) {
  const t = useText();
  const group = useQuery(groupQuery(id));
  if (group.data === undefined) {
    return (
      <main id="main" className="page">
        <h1 className="sr">{t.groups.group}</h1>
        <NotLoaded of={group} gone={t.groups.gone} hint={t.groups.goneHint} />
      </main>
    );
  }
  return (
    <main id="main" className="page">
      <Head group={group.data} />
      {group.data.skipped_backends.length > 0 && (
        <div className="notice warn">
          <Icon name="warn" />
          <p>{t.groups.skipped(group.data.skipped_backends.join(", "))}</p>
        </div>
      )}
      <section className="panel" aria-label={t.groups.members}>
        <Members members={group.data.child_jobs} />
      </section>
    </main>
  );
}

function Head({ group }: { group: Group }) {
  const t = useText();
  const [asks, setAsks] = useState(false);
  const id = group.job_group_id;
  const left = group.total_count - group.completed_count - group.failed_count - group.cancelled_count;
  const { mutate, isPending } = useAct({
    run: async () => t.groups.cancelled((await cancelGroup(id)).interrupted),
    changes: ["queue"],
    onSettled: () => setAsks(false),
  });
  return (
    <div className="head">
      <div>
        <div className="row wrap">
          <h1>
            {t.groups.group} <span className="mono h1id">{shortId(id)}</span>
          </h1>
          <CopyText value={id} short={`${id.slice(0, 8)}…`} name={t.groups.id} />
        </div>
        <p className="sub row wrap facts">
          <GroupState status={group.status} />
          <span>{t.groups.doneOf(group.completed_count, group.total_count)}</span>
          <span>{t.groups.policies(group.policy)}</span>
          <Ago at={group.created_at} />
        </p>
      </div>
      {group.completed_at === null && (
        <div className="btns">
          <button type="button" className="btn danger" onClick={() => setAsks(true)}>
            <Icon name="x" />
            {t.groups.cancel}
          </button>
        </div>
      )}
      {asks && (
        <ConfirmDialog
          title={t.groups.cancelTitle(left)}
          act={t.groups.cancelN(left)}
          isPending={isPending}
          onConfirm={() => mutate()}
          onClose={() => setAsks(false)}
        >
          {t.groups.cancelHint}
        </ConfirmDialog>
      )}
    </div>
  );
}

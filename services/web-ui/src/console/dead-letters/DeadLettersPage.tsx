/** Steps that failed for good, by what went wrong. An action touches only what the page shows. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "~/api/problem";
import { deadLettersQuery, purge, queuesQuery, requeue } from "~/api/queue";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { useNotices } from "~/parts/Notices";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { groupsOf, type Group } from "./groups";

export function DeadLettersPage() {
  const t = useText();
  const letters = useQuery(deadLettersQuery);
  const { data: queues } = useQuery(queuesQuery);
  const groups = groupsOf(letters.data?.dead_letters ?? []);
  const unseen = queues && letters.data ? queues.dead_letters - letters.data.total : 0;
  return (
    <ConsolePage title={t.console.deadLetters} lead={t.console.deadLettersLead}>
      {unseen > 0 && (
        <div className="notice">
          <Icon name="info" />
          <p>{t.console.unseen(unseen)}</p>
          <div className="btns">
            <button type="button" className="btn sm" onClick={() => void letters.refetch()}>
              {t.console.show}
            </button>
          </div>
        </div>
      )}
      {letters.error !== null && letters.data === undefined && (
        <ErrorNotice error={letters.error} onRetry={() => void letters.refetch()} />
      )}
      {letters.isPending && <Skeleton rows={4} height={56} />}
      {letters.data && groups.length === 0 && <Empty text={t.console.noDeadLetters} />}
      {groups.length > 0 && <Groups groups={groups} />}
    </ConsolePage>
  );
}

function Groups({ groups }: { groups: Group[] }) {
  const t = useText();
  const format = useFormat();
  const client = useQueryClient();
  const { toast } = useNotices();
  const [doomed, setDoomed] = useState<Group | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["queue"] });
  const idsOf = ({ letters }: Group) => letters.map(({ job_id }) => job_id);
  const onError = (error: Error) => toast({ text: asProblem(error).message || t.shared.notReached });
  const again = useMutation({
    mutationFn: (group: Group) => requeue(idsOf(group)),
    onSuccess: async ({ requeued, refused }) => {
      toast({ text: t.console.requeued(requeued.length, refused.length, refused[0]?.error ?? "") });
      await refresh();
    },
    onError,
  });
  const discard = useMutation({
    mutationFn: (group: Group) => purge(idsOf(group)),
    onSuccess: async ({ deleted }) => {
      toast({ text: t.console.discarded(deleted) });
      await refresh();
    },
    onError,
    onSettled: () => setDoomed(null),
  });
  return (
    <section className="panel" aria-label={t.console.deadLetters}>
      <table className="table cards dead">
        <thead>
          <tr>
            <th className="num">{t.console.steps}</th>
            <th>{t.console.wrong}</th>
            <th>{t.studio.type}</th>
            <th>{t.console.last}</th>
            <th>
              <span className="sr">{t.apiKeys.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.key}>
              <td className="t num">
                <b className="dlc">{format.number(group.letters.length)}</b>
              </td>
              <td className="dlerr">
                <p>{group.message}</p>
                <p className="small faint mono">{group.code}</p>
              </td>
              <td data-l={t.studio.type} className="dim">
                {group.types.join(", ")}
              </td>
              <td data-l={t.console.last} className="dim">
                <Ago at={group.last} />
              </td>
              <td className="acts">
                <button type="button" className="btn sm" disabled={again.isPending} onClick={() => again.mutate(group)}>
                  <Icon name="replay" />
                  {t.console.requeueN(group.letters.length)}
                </button>{" "}
                <button type="button" className="btn ghost sm danger" onClick={() => setDoomed(group)}>
                  {t.console.discardN(group.letters.length)}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {doomed && (
        <ConfirmDialog
          title={t.console.discardTitle(doomed.letters.length)}
          act={t.console.discardN(doomed.letters.length)}
          isPending={discard.isPending}
          onConfirm={() => discard.mutate(doomed)}
          onClose={() => setDoomed(null)}
        >
          {t.console.discardHint(doomed.message)}
        </ConfirmDialog>
      )}
    </section>
  );
}

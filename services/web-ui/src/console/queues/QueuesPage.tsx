/** All queues, with pausing and resuming. */
import { useQuery } from "@tanstack/react-query";
import { queuesQuery } from "~/api/queue";
import { useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Skeleton } from "~/parts/Skeleton";
import { ConsolePage } from "../ConsolePage";
import { QueueTable } from "./QueueTable";

export function QueuesPage() {
  const t = useText();
  const queues = useQuery(queuesQuery);
  return (
    <ConsolePage title={t.console.queues} lead={t.console.queuesLead}>
      {queues.error !== null && queues.data === undefined && (
        <ErrorNotice error={queues.error} onRetry={() => void queues.refetch()} />
      )}
      {queues.isPending && <Skeleton rows={6} />}
      {queues.data && (
        <section className="panel" aria-label={t.console.queues}>
          <QueueTable queues={queues.data} />
        </section>
      )}
    </ConsolePage>
  );
}

/** The API keys of the account: made, shown once, revoked. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keysQuery, type ApiKey } from "~/api/apiKeys";
import { useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { CopyText } from "~/parts/CopyText";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { NewKeyDialog } from "./NewKeyDialog";
import { OnceShown } from "./OnceShown";
import { useRevoke } from "./useRevoke";

export default function Keys() {
  const t = useText();
  const keys = useQuery(keysQuery);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  return (
    <main id="main" className="page jobpage">
      <div className="head">
        <div>
          <h1>{t.apiKeys.title}</h1>
          <p className="sub">{t.apiKeys.lead}</p>
        </div>
        <button type="button" className="btn primary" onClick={() => setMaking(true)}>
          <Icon name="plus" />
          {t.apiKeys.make}
        </button>
      </div>
      {made && <OnceShown name={made.name} secret={made.key} onDone={() => setMade(null)} />}
      {keys.error !== null && keys.data === undefined && (
        <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />
      )}
      {keys.isPending && <Skeleton rows={3} height={52} />}
      {keys.data?.length === 0 && <Empty text={t.apiKeys.empty} />}
      {keys.data && keys.data.length > 0 && <Table keys={keys.data} />}
      {making && (
        <NewKeyDialog
          onClose={() => setMaking(false)}
          onMade={(name, key) => {
            setMade({ name, key });
            setMaking(false);
          }}
        />
      )}
    </main>
  );
}

function Table({ keys }: { keys: ApiKey[] }) {
  const t = useText();
  const revoke = useRevoke();
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  return (
    <section className="panel" aria-label={t.apiKeys.title}>
      <table className="table cards keyt">
        <thead>
          <tr>
            <th>{t.apiKeys.name}</th>
            <th>{t.apiKeys.id}</th>
            <th>{t.apiKeys.may}</th>
            <th>{t.apiKeys.used}</th>
            <th>{t.apiKeys.made}</th>
            <th>
              <span className="sr">{t.apiKeys.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td className="t">
                <p>{key.name}</p>
                {key.description && <p className="small faint">{key.description}</p>}
              </td>
              <td data-l={t.apiKeys.id}>
                <CopyText value={key.id} short={`dk_…${key.id.slice(-4)}`} name={t.apiKeys.id} />
              </td>
              <td data-l={t.apiKeys.may}>
                <span className="row wrap s">
                  {key.scopes.map((scope) => (
                    <span className="chip" key={scope}>
                      {scope === "*" ? t.apiKeys.everything : scope}
                    </span>
                  ))}
                </span>
              </td>
              <td data-l={t.apiKeys.used} className="dim">
                {key.last_used_at ? <Ago at={key.last_used_at} /> : t.apiKeys.never}
              </td>
              <td data-l={t.apiKeys.made} className="dim">
                {key.created_at && <Ago at={key.created_at} />}
              </td>
              <td className="acts">
                <button type="button" className="btn ghost sm danger" onClick={() => setDoomed(key)}>
                  {t.apiKeys.revoke}
                  <span className="sr">{key.name}</span>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {doomed && (
        <ConfirmDialog
          title={t.apiKeys.revokeTitle(doomed.name)}
          act={t.apiKeys.revoke}
          isPending={revoke.isPending}
          onConfirm={() => revoke.mutate(doomed.id, { onSettled: () => setDoomed(null) })}
          onClose={() => setDoomed(null)}
        >
          {t.apiKeys.revokeHint}
        </ConfirmDialog>
      )}
    </section>
  );
}

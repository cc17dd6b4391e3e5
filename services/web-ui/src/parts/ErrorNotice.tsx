/** What failed, in the server's words, with its code, the trace id to copy and a way on. */
import { asProblem } from "~/api/problem";
import { useText } from "~/i18n";
import { CopyText } from "./CopyText";
import { Icon } from "./Icon";

export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText();
  const problem = asProblem(error);
  const title = problem.status === 0 ? t.shared.notReached : problem.message || t.shared.failed;
  return (
    <div className="notice fail" role="alert">
      <Icon name="st-fail" large />
      <div>
        <p className="strong">{title}</p>
        <p className="row small">
          <code>{problem.code}</code>
          {problem.traceId && (
            <CopyText value={problem.traceId} short={problem.traceId.slice(0, 8)} name={t.shared.traceId} />
          )}
        </p>
      </div>
      {onRetry && (
        <div className="btns">
          <button type="button" className="btn sm" onClick={onRetry}>
            {t.shared.retry}
          </button>
        </div>
      )}
    </div>
  );
}

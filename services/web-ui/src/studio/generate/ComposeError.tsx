/** Why a job was not accepted, what was kept, and what to do. */
import { Link } from "wouter";
import { asProblem } from "~/api/problem";
import { useFormat, useText } from "~/i18n";
import { CopyText } from "~/parts/CopyText";
import { Icon } from "~/parts/Icon";

const INSUFFICIENT = "insufficient_credits";

export function ComposeError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useText();
  const format = useFormat();
  const problem = asProblem(error);
  const amount = (name: string) => format.credits(Number(problem.body[name] ?? 0));
  if (problem.code === INSUFFICIENT) {
    return (
      <div className="notice fail" role="alert">
        <Icon name="credit" large />
        <div>
          <p className="strong">{t.studio.tooFew(amount("required_credits"), amount("balance_credits"))}</p>
          <p>{t.studio.tooFewHint(amount("missing_credits"))}</p>
        </div>
        <div className="btns">
          <Link className="btn sm" href="/credits">
            {t.nav.credits}
          </Link>
        </div>
      </div>
    );
  }
  return (
    <div className="notice fail" role="alert">
      <Icon name="st-fail" large />
      <div>
        <p className="strong">{problem.status === 0 ? t.studio.notSent : problem.message || t.shared.failed}</p>
        {problem.fields.slice(0, 3).map(({ field, message }) => (
          <p key={field}>
            <code>{field}</code> {message}
          </p>
        ))}
        <p className="row small">
          {t.studio.kept}
          {problem.traceId && (
            <CopyText value={problem.traceId} short={problem.traceId.slice(0, 8)} name={t.shared.traceId} />
          )}
        </p>
      </div>
      {problem.retryable && (
        <div className="btns">
          <button type="button" className="btn sm" onClick={onRetry}>
            {t.shared.retry}
          </button>
        </div>
      )}
    </div>
  );
}

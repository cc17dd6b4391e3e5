/** The attempts of a delivery, with the beginning of each response. */
import { useQuery } from "@tanstack/react-query";
import { attemptsQuery, type Attempt, type Delivery, type Place } from "~/api/webhooks";
import { useFormat, useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { CopyText } from "~/parts/CopyText";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";

const SHOWN_CHARACTERS = 2000;

export function Attempts({ place, delivery }: { place: Place; delivery: Delivery }) {
  const t = useText();
  const format = useFormat();
  const attempts = useQuery(attemptsQuery(place, delivery));
  if (attempts.error !== null) return <ErrorNotice error={attempts.error} onRetry={() => void attempts.refetch()} />;
  if (attempts.data === undefined) return <Skeleton rows={2} height={32} />;
  return (
    <div className="stack s3">
      <p className="row wrap small dim">
        <CopyText value={delivery.message_id} name="webhook-id" />
        {delivery.next_at && <span>{t.webhooks.nextAt(format.exact(new Date(delivery.next_at)))}</span>}
      </p>
      {attempts.data.length === 0 && <p className="dim">{t.webhooks.noAttempts}</p>}
      <ol className="stack s3">
        {attempts.data.toReversed().map((attempt) => (
          <One key={attempt.number} attempt={attempt} />
        ))}
      </ol>
    </div>
  );
}

function One({ attempt }: { attempt: Attempt }) {
  const t = useText();
  const format = useFormat();
  const answer = attempt.status === null ? t.webhooks.noAnswer : `HTTP ${attempt.status}`;
  const good = attempt.error === null && attempt.status !== null && attempt.status < 300;
  return (
    <li className="stack s2">
      <p className="row wrap">
        <span className={good ? "st" : "st fail"}>
          <Icon name={good ? "st-done" : "st-fail"} />
          {t.steps.attemptN(attempt.number)}
        </span>
        <span className="strong">{answer}</span>
        {attempt.error !== null && attempt.error !== answer && <span>{attempt.error}</span>}
        <span className="dim">{format.milliseconds(attempt.duration_s * 1000)}</span>
        <span className="faint">
          <Ago at={attempt.at} />
        </span>
      </p>
      {attempt.answer !== null && attempt.answer !== "" && (
        <pre className="code answer" tabIndex={0} aria-label={t.webhooks.response(attempt.number)} role="region">
          {attempt.answer.slice(0, SHOWN_CHARACTERS)}
        </pre>
      )}
    </li>
  );
}

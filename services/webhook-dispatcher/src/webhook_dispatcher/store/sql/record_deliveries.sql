-- Stores the outcomes of attempts. The condition on `attempts` rejects a dispatcher whose lease has expired and whose
-- delivery was attempted again.
WITH outcome AS (
    SELECT * FROM unnest(
        %(ids)s::bigint[], %(made)s::int[], %(state)s::text[], %(delay_s)s::float8[], %(status)s::smallint[],
        %(error)s::text[], %(duration_s)s::float8[], %(answer)s::bytea[]
    ) AS o (id, made, state, delay_s, status, error, duration_s, answer)
), recorded AS (
    UPDATE webhooks.deliveries AS delivery
    SET status = outcome.state, attempts = outcome.made + 1, leased_until = NULL, last_status = outcome.status,
        last_error = outcome.error, next_at = now() + make_interval(secs => outcome.delay_s)
    FROM outcome
    WHERE delivery.id = outcome.id AND delivery.attempts = outcome.made AND delivery.status = 'pending'
    RETURNING delivery.id
)
INSERT INTO webhooks.attempts (delivery_id, number, status, error, duration_s, answer)
SELECT outcome.id, outcome.made + 1, outcome.status, outcome.error, outcome.duration_s, outcome.answer
FROM outcome JOIN recorded ON recorded.id = outcome.id
RETURNING delivery_id

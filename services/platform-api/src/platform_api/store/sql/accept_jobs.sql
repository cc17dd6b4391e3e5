-- Accepts jobs in one statement: one round trip, and users' rows are locked only while it runs.
-- Returns the ids of the accepted jobs. A job is not accepted if its key was used before, if its user is unknown, or if
-- the balance does not cover all jobs of the user in the statement. Idempotency keys are locked first, in order, then
-- users, as in every transaction, to prevent deadlocks. If a balance has decreased after its key was inserted, the
-- statement violates users_balance_check and rolls back. `lock_timeout` limits the wait for each lock.
WITH settings AS MATERIALIZED (
    SELECT set_config('lock_timeout', %(lock_timeout)s, true)
), asked AS (
    SELECT j.* FROM settings, jsonb_to_recordset(%(jobs)s) AS j (
        id uuid, user_id uuid, job_type text, status text, priority smallint, parameters jsonb, steps_total smallint,
        price_mc bigint, history_seq int, history_event text, history_message text, trace_id text, traceparent text,
        created_at timestamptz, name text, description text, collection_id uuid, group_rules jsonb,
        key text, fingerprint text, answer text
    )
), payer AS (
    SELECT u.id FROM platform.users AS u JOIN asked ON asked.user_id = u.id
    GROUP BY u.id HAVING u.balance_mc >= sum(asked.price_mc)
), idempotency AS (
    INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer)
    SELECT asked.user_id, asked.key, asked.fingerprint, asked.answer
    FROM payer JOIN asked ON asked.user_id = payer.id WHERE asked.key IS NOT NULL
    ORDER BY asked.user_id, asked.key
    ON CONFLICT DO NOTHING
    RETURNING user_id, key, answer
), fresh AS ( -- compares the answer, too: a key may occur twice in one statement
    SELECT asked.* FROM payer JOIN asked ON asked.user_id = payer.id
    LEFT JOIN idempotency AS i ON i.user_id = asked.user_id AND i.key = asked.key AND i.answer = asked.answer
    WHERE asked.key IS NULL OR i.key IS NOT NULL
), bill AS (
    SELECT user_id, sum(price_mc) AS price_mc, count(*) AS jobs FROM fresh GROUP BY user_id
), locked AS (
    SELECT id FROM platform.users
    WHERE id IN (SELECT user_id FROM bill) AND (SELECT count(*) FROM idempotency) >= 0
    ORDER BY id FOR NO KEY UPDATE
), debit AS (
    UPDATE platform.users AS u SET balance_mc = u.balance_mc - bill.price_mc, jobs_total = u.jobs_total + bill.jobs
    FROM locked JOIN bill ON bill.user_id = locked.id
    WHERE u.id = locked.id
    RETURNING u.id, u.balance_mc, bill.price_mc
), paid AS (
    SELECT fresh.* FROM debit JOIN fresh ON fresh.user_id = debit.id
), job AS (
    INSERT INTO platform.jobs (
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        traceparent, created_at, updated_at, name, description, collection_id, group_rules
    )
    SELECT
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        traceparent, created_at, created_at, name, description, collection_id, nullif(group_rules, 'null')
    FROM paid
    RETURNING id
), planned AS (
    INSERT INTO platform.steps (
        job_id, run, number, job_type, status, payload, price_mc, outputs, needs, requirements, submitted_at
    )
    SELECT
        s.job_id, s.run, s.number, s.job_type, s.status, s.payload, s.price_mc, s.outputs, s.needs,
        nullif(s.requirements, 'null'), s.submitted_at
    FROM job JOIN jsonb_to_recordset(%(steps)s) AS s (
        job_id uuid, run int, number smallint, job_type text, status text, payload jsonb, price_mc bigint,
        outputs smallint, needs jsonb, requirements jsonb, submitted_at timestamptz
    ) ON s.job_id = job.id
), history AS (
    INSERT INTO platform.job_history (job_id, seq, run, event, status, message, at)
    SELECT id, history_seq, 1, history_event, status, history_message, created_at FROM paid
), reserved AS (
    INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run)
    SELECT user_id, 'reserve', price_mc, id, 1 FROM paid WHERE price_mc > 0
), low AS ( -- the balance has fallen below the limit
    INSERT INTO platform.outbox (kind, job_id, body)
    SELECT 'emit', (SELECT id FROM paid WHERE paid.user_id = debit.id ORDER BY id LIMIT 1), jsonb_build_object(
        'type', 'credits.low', 'tenant', debit.id,
        'data', jsonb_build_object('credits', balance_mc / 1000.0::float8, 'below', %(low_below_mc)s / 1000.0::float8)
    )
    FROM debit WHERE balance_mc < %(low_below_mc)s AND balance_mc + price_mc >= %(low_below_mc)s
), queued AS (
    INSERT INTO platform.outbox (kind, job_id, history_seq, body)
    SELECT o.kind, o.job_id, o.history_seq, o.body
    FROM job JOIN ROWS FROM (
        jsonb_to_recordset(%(outbox)s) AS (kind text, job_id uuid, history_seq int, body jsonb)
    ) WITH ORDINALITY AS o (kind, job_id, history_seq, body, position) ON o.job_id = job.id
    ORDER BY o.position
)
SELECT id FROM job

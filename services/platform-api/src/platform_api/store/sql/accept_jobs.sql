-- Accept jobs of one user in one statement: one round trip, and the user's row is locked only while it runs.
-- Gives how many were accepted: all, or none when the balance is too low for all or the user unknown.
-- Idempotency-Keys come first, in order, and the user's row after them, as in every transaction, or two could deadlock.
-- A second use of a key violates idempotency_keys_pkey, and a balance that fell since the keys were taken violates
-- users_balance_check: both undo everything.
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(jobs)s) AS j (
        id uuid, job_type text, status text, priority smallint, parameters jsonb, steps_total smallint, price_mc bigint,
        history_seq int, history_event text, history_message text, trace_id text, created_at timestamptz,
        name text, description text, collection_id uuid, key text, fingerprint text, answer text
    )
), idempotency AS (
    INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer)
    SELECT u.id, asked.key, asked.fingerprint, asked.answer FROM platform.users AS u, asked
    WHERE u.id = CAST(%(user_id)s AS uuid) AND u.balance_mc >= %(price_mc)s AND asked.key IS NOT NULL
    ORDER BY asked.key
    RETURNING key
), debit AS (
    UPDATE platform.users
    SET balance_mc = balance_mc - %(price_mc)s, jobs_total = jobs_total + %(count)s
    WHERE
        id = CAST(%(user_id)s AS uuid) AND (%(keyed)s > 0 OR balance_mc >= %(price_mc)s)
        AND (SELECT count(*) FROM idempotency) = %(keyed)s
    RETURNING id AS user_id
), job AS (
    INSERT INTO platform.jobs (
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        created_at, updated_at, name, description, collection_id
    )
    SELECT
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        created_at, created_at, name, description, collection_id
    FROM debit, asked
    RETURNING id
), planned AS (
    INSERT INTO platform.steps (
        job_id, run, number, job_type, status, payload, price_mc, outputs, needs, requirements, submitted_at
    )
    SELECT
        s.job_id, s.run, s.number, s.job_type, s.status, s.payload, s.price_mc, s.outputs, s.needs,
        nullif(s.requirements, 'null'), s.submitted_at
    FROM debit, jsonb_to_recordset(%(steps)s) AS s (
        job_id uuid, run int, number smallint, job_type text, status text, payload jsonb, price_mc bigint,
        outputs smallint, needs jsonb, requirements jsonb, submitted_at timestamptz
    )
), history AS (
    INSERT INTO platform.job_history (job_id, seq, run, event, status, message, at)
    SELECT id, history_seq, 1, history_event, status, history_message, created_at FROM debit, asked
), reserved AS (
    INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run)
    SELECT user_id, 'reserve', price_mc, id, 1 FROM debit, asked WHERE price_mc > 0
), queued AS (
    INSERT INTO platform.outbox (kind, job_id, history_seq, body)
    SELECT o.kind, o.job_id, o.history_seq, o.body
    FROM debit, ROWS FROM (
        jsonb_to_recordset(%(outbox)s) AS (kind text, job_id uuid, history_seq int, body jsonb)
    ) WITH ORDINALITY AS o (kind, job_id, history_seq, body, position)
    ORDER BY o.position
)
SELECT count(*) AS accepted FROM job

-- Accept a job in one statement: one round trip, and the user's row is locked only while it runs.
-- Gives 1, or 0 when the balance is too low or the user unknown; then nothing was written.
-- The Idempotency-Key comes first and the user's row after it, as in every transaction, or two of them could deadlock.
-- A second use of the key violates idempotency_keys_pkey, and a balance that fell since the key was taken violates
-- users_balance_check: both undo everything.
WITH idempotency AS (
    INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer)
    SELECT id, %(key)s, %(fingerprint)s, %(answer)s FROM platform.users
    WHERE id = CAST(%(user_id)s AS uuid) AND balance_mc >= %(price_mc)s AND CAST(%(key)s AS text) IS NOT NULL
    RETURNING key
), debit AS (
    UPDATE platform.users
    SET balance_mc = balance_mc - %(price_mc)s, jobs_total = jobs_total + 1
    WHERE id = CAST(%(user_id)s AS uuid) AND CASE
        WHEN CAST(%(key)s AS text) IS NULL THEN balance_mc >= %(price_mc)s
        ELSE EXISTS (SELECT FROM idempotency)
    END
    RETURNING id
), job AS (
    INSERT INTO platform.jobs (
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        created_at, updated_at, name, description, collection_id
    )
    SELECT
        CAST(%(job_id)s AS uuid), id, %(job_type)s, %(status)s, CAST(%(priority)s AS smallint), CAST(%(parameters)s AS jsonb),
        CAST(%(steps_total)s AS smallint), %(price_mc)s, %(history_seq)s, %(trace_id)s, %(created_at)s, %(created_at)s,
        %(name)s, %(description)s, CAST(%(collection_id)s AS uuid)
    FROM debit
    RETURNING id, user_id
), planned AS (
    INSERT INTO platform.steps (
        job_id, run, number, job_type, status, payload, price_mc, outputs, needs, requirements, submitted_at
    )
    SELECT
        job.id, s.run, s.number, s.job_type, s.status, s.payload, s.price_mc, s.outputs, s.needs,
        nullif(s.requirements, 'null'), s.submitted_at
    FROM job, jsonb_to_recordset(CAST(%(steps)s AS jsonb)) AS s (
        run int, number smallint, job_type text, status text, payload jsonb, price_mc bigint, outputs smallint,
        needs jsonb, requirements jsonb, submitted_at timestamptz
    )
), history AS (
    INSERT INTO platform.job_history (job_id, seq, run, event, status, message, at)
    SELECT id, %(history_seq)s, 1, %(history_event)s, %(status)s, %(history_message)s, %(created_at)s FROM job
), reserved AS (
    INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run)
    SELECT user_id, 'reserve', %(price_mc)s, id, 1 FROM job WHERE %(price_mc)s > 0
), queued AS (
    INSERT INTO platform.outbox (kind, job_id, history_seq, body)
    SELECT o.kind, job.id, o.history_seq, o.body
    FROM job, ROWS FROM (
        jsonb_to_recordset(CAST(%(outbox)s AS jsonb)) AS (kind text, history_seq int, body jsonb)
    ) WITH ORDINALITY AS o (kind, history_seq, body, position)
    ORDER BY o.position
)
SELECT count(*) AS accepted FROM job

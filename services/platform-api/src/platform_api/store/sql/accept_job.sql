-- Accept a job in one statement: one round trip, and the user's row is locked only while it runs.
-- Gives 1, or 0 when the balance is too low or the user unknown; then nothing was written.
-- A second use of an Idempotency-Key violates idempotency_keys_pkey, which undoes everything.
WITH debit AS (
    UPDATE platform.users
    SET balance_mc = balance_mc - :price_mc, jobs_total = jobs_total + 1
    WHERE id = CAST(:user_id AS uuid) AND balance_mc >= :price_mc
    RETURNING id
), idempotency AS (
    INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer)
    SELECT id, :key, :fingerprint, :answer FROM debit WHERE CAST(:key AS text) IS NOT NULL
), job AS (
    INSERT INTO platform.jobs (
        id, user_id, job_type, status, priority, parameters, steps_total, price_mc, history_seq, trace_id,
        created_at, updated_at, name, description, collection_id
    )
    SELECT
        CAST(:job_id AS uuid), id, :job_type, :status, CAST(:priority AS smallint), CAST(:parameters AS jsonb),
        CAST(:steps_total AS smallint), :price_mc, :history_seq, :trace_id, :created_at, :created_at,
        :name, :description, CAST(:collection_id AS uuid)
    FROM debit
    RETURNING id, user_id
), planned AS (
    INSERT INTO platform.steps (
        job_id, run, number, job_type, status, payload, price_mc, outputs, needs, requirements, submitted_at
    )
    SELECT
        job.id, s.run, s.number, s.job_type, s.status, s.payload, s.price_mc, s.outputs, s.needs,
        nullif(s.requirements, 'null'), s.submitted_at
    FROM job, jsonb_to_recordset(CAST(:steps AS jsonb)) AS s (
        run int, number smallint, job_type text, status text, payload jsonb, price_mc bigint, outputs smallint,
        needs jsonb, requirements jsonb, submitted_at timestamptz
    )
), history AS (
    INSERT INTO platform.job_history (job_id, seq, run, event, status, message, at)
    SELECT id, :history_seq, 1, :history_event, :status, :history_message, :created_at FROM job
), reserved AS (
    INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run)
    SELECT user_id, 'reserve', :price_mc, id, 1 FROM job WHERE :price_mc > 0
), queued AS (
    INSERT INTO platform.outbox (kind, job_id, history_seq, body)
    SELECT o.kind, job.id, o.history_seq, o.body
    FROM job, ROWS FROM (
        jsonb_to_recordset(CAST(:outbox AS jsonb)) AS (kind text, history_seq int, body jsonb)
    ) WITH ORDINALITY AS o (kind, history_seq, body, position)
    ORDER BY o.position
)
SELECT count(*) AS accepted FROM job

-- Stores the log ids of emitted events in history and jobs, and deletes the relayed outbox rows.
-- Jobs are locked in the order of their ids, as in every transaction: see PostgresJobChanges.load.
WITH emitted AS (
    SELECT * FROM unnest(CAST(:jobs AS uuid[]), CAST(:seqs AS int[]), CAST(:events AS text[])) AS t (job_id, seq, event_id)
), history AS (
    UPDATE platform.job_history AS h SET event_id = emitted.event_id
    FROM emitted WHERE h.job_id = emitted.job_id AND h.seq = emitted.seq
), locked AS (
    SELECT id FROM platform.jobs WHERE id IN (SELECT job_id FROM emitted) ORDER BY id FOR UPDATE
), latest AS (
    SELECT DISTINCT ON (job_id) job_id, event_id FROM emitted ORDER BY job_id, seq DESC
), updated AS (
    UPDATE platform.jobs AS j SET last_event_id = latest.event_id
    FROM locked JOIN latest ON latest.job_id = locked.id
    WHERE j.id = locked.id
)
DELETE FROM platform.outbox WHERE id = ANY(CAST(:relayed AS bigint[]))

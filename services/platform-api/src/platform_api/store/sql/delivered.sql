-- Note the ids that events got in the log, on history and jobs, and delete what was handed over.
-- Jobs are locked in the order of their ids, as everywhere: see PostgresJobChanges.load.
WITH told AS (
    SELECT * FROM unnest(CAST(:jobs AS uuid[]), CAST(:seqs AS int[]), CAST(:events AS text[])) AS t (job_id, seq, event_id)
), history AS (
    UPDATE platform.job_history AS h SET event_id = told.event_id
    FROM told WHERE h.job_id = told.job_id AND h.seq = told.seq
), locked AS (
    SELECT id FROM platform.jobs WHERE id IN (SELECT job_id FROM told) ORDER BY id FOR UPDATE
), latest AS (
    SELECT DISTINCT ON (job_id) job_id, event_id FROM told ORDER BY job_id, seq DESC
), noted AS (
    UPDATE platform.jobs AS j SET last_event_id = latest.event_id
    FROM locked JOIN latest ON latest.job_id = locked.id
    WHERE j.id = locked.id
)
DELETE FROM platform.outbox WHERE id = ANY(CAST(:handed_over AS bigint[]))

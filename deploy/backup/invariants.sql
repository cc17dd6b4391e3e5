-- One line for each violation; nothing if all invariants hold.
WITH ledger AS (
    SELECT user_id, sum(CASE kind WHEN 'grant' THEN amount_mc WHEN 'release' THEN amount_mc WHEN 'capture' THEN 0
        ELSE -amount_mc END) AS balance_mc
    FROM platform.credit_ledger GROUP BY user_id
), of_job AS (
    SELECT job_id, sum(amount_mc) FILTER (WHERE kind = 'reserve') AS reserved_mc,
        sum(amount_mc) FILTER (WHERE kind = 'capture') AS captured_mc,
        sum(amount_mc) FILTER (WHERE kind = 'release') AS released_mc
    FROM platform.credit_ledger WHERE job_id IS NOT NULL GROUP BY job_id
)
SELECT format('balance of user %s is %s, the ledger says %s', u.id, u.balance_mc, coalesce(l.balance_mc, 0))
FROM platform.users AS u LEFT JOIN ledger AS l ON l.user_id = u.id
WHERE u.balance_mc <> coalesce(l.balance_mc, 0)
UNION ALL
SELECT format('job %s has ended, but of %s reserved only %s were captured or released', j.id, o.reserved_mc,
    coalesce(o.captured_mc, 0) + coalesce(o.released_mc, 0))
FROM platform.jobs AS j JOIN of_job AS o ON o.job_id = j.id
WHERE j.completed_at IS NOT NULL
    AND coalesce(o.reserved_mc, 0) <> coalesce(o.captured_mc, 0) + coalesce(o.released_mc, 0)
UNION ALL
SELECT format('job %s has charged %s, the ledger says %s', j.id, j.charged_mc, coalesce(o.captured_mc, 0))
FROM platform.jobs AS j LEFT JOIN of_job AS o ON o.job_id = j.id
WHERE j.charged_mc <> coalesce(o.captured_mc, 0)
UNION ALL
SELECT format('job %s is active and has no step of run %s', j.id, j.run)
FROM platform.jobs AS j
WHERE j.completed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM platform.steps AS s WHERE s.job_id = j.id AND s.run = j.run)
UNION ALL
SELECT format('webhook delivery %s has no endpoint', d.id)
FROM webhooks.deliveries AS d LEFT JOIN webhooks.endpoints AS e ON e.id = d.endpoint_id
WHERE e.id IS NULL;

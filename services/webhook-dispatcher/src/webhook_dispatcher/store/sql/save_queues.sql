-- Stores the state of locked queues, and when each may have a due delivery again.
UPDATE webhooks.endpoint_queues AS queue
SET parallel = saved.parallel, failures = saved.failures, failing_since = saved.failing_since,
    paused_until = saved.paused_until, tokens = saved.tokens, tokens_at = saved.tokens_at,
    delivered = queue.delivered + saved.delivered, failed = queue.failed + saved.failed,
    due_at = CASE WHEN endpoint.active AND pending.next_at IS NOT NULL
        THEN greatest(saved.not_before, pending.next_at) END
FROM unnest(
    %(endpoints)s::uuid[], %(parallel)s::float8[], %(failures)s::int[], %(failing_since)s::timestamptz[],
    %(paused_until)s::timestamptz[], %(tokens)s::float8[], %(tokens_at)s::timestamptz[], %(not_before)s::timestamptz[],
    %(delivered)s::int[], %(failed)s::int[]
) AS saved (
    endpoint_id, parallel, failures, failing_since, paused_until, tokens, tokens_at, not_before, delivered, failed
)
JOIN webhooks.endpoints AS endpoint ON endpoint.id = saved.endpoint_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN endpoint.ordered THEN (
        SELECT head.next_at FROM webhooks.deliveries AS head
        WHERE head.endpoint_id = saved.endpoint_id AND head.status = 'pending' ORDER BY head.id LIMIT 1
    ) ELSE (
        SELECT min(one.next_at) FROM webhooks.deliveries AS one
        WHERE one.endpoint_id = saved.endpoint_id AND one.status = 'pending'
    ) END AS next_at
) AS pending
WHERE queue.endpoint_id = saved.endpoint_id

-- Locks the queues of endpoints that may have due deliveries, the longest due first.
SELECT queue.endpoint_id
FROM webhooks.endpoint_queues AS queue
JOIN webhooks.endpoints AS endpoint ON endpoint.id = queue.endpoint_id
WHERE queue.due_at <= now() AND endpoint.tenant <> ALL (%(full)s)
ORDER BY queue.due_at
LIMIT %(limit)s
FOR UPDATE OF queue SKIP LOCKED

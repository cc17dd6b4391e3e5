-- Reads the state of locked queues. A statement of its own: its snapshot contains what replicas committed before.
SELECT queue.*, endpoint.tenant, endpoint.active, endpoint.ordered, endpoint.rate_per_s, now() AS now, (
    SELECT count(*) FROM webhooks.deliveries AS leased
    WHERE leased.endpoint_id = queue.endpoint_id AND leased.leased_until > now()
) AS leased
FROM webhooks.endpoint_queues AS queue
JOIN webhooks.endpoints AS endpoint ON endpoint.id = queue.endpoint_id
WHERE queue.endpoint_id = ANY (%(endpoints)s::uuid[])
ORDER BY queue.due_at

-- Leases the first due deliveries of locked queues. An ordered queue's oldest delivery is its only candidate.
WITH share AS (
    SELECT * FROM unnest(%(endpoints)s::uuid[], %(attempts)s::int[], %(ordered)s::bool[]) AS s (endpoint_id, attempts, ordered)
), chosen AS (
    SELECT due.id FROM share CROSS JOIN LATERAL (
        SELECT delivery.id FROM webhooks.deliveries AS delivery
        WHERE delivery.endpoint_id = share.endpoint_id AND delivery.status = 'pending' AND delivery.next_at <= now()
        ORDER BY delivery.next_at, delivery.id
        LIMIT share.attempts
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE NOT share.ordered
    UNION ALL
    SELECT head.id FROM share CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.next_at FROM webhooks.deliveries AS delivery
        WHERE delivery.endpoint_id = share.endpoint_id AND delivery.status = 'pending'
        ORDER BY delivery.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS head
    WHERE share.ordered AND head.next_at <= now()
)
UPDATE webhooks.deliveries AS delivery
SET next_at = now() + %(lease)s, leased_until = now() + %(lease)s
FROM chosen, webhooks.endpoints AS endpoint, webhooks.messages AS message
WHERE delivery.id = chosen.id AND endpoint.id = delivery.endpoint_id AND message.id = delivery.message_id
RETURNING delivery.id, delivery.endpoint_id, delivery.attempts, delivery.replayed_from, delivery.message_id,
    coalesce(delivery.event_type, message.event_type) AS event_type, coalesce(delivery.url, endpoint.url) AS url,
    endpoint.tenant, endpoint.sealed_secret, endpoint.sealed_headers, endpoint.schedule_s, endpoint.dialect,
    endpoint.ed25519, message.body, message.traceparent,
    CASE WHEN endpoint.previous_until > now() THEN endpoint.previous_secret END AS previous_secret

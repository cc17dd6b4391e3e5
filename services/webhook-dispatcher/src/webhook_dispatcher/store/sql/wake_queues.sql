-- Makes queues due that have a delivery due earlier. Deliveries that the previous release stored wake no queue.
INSERT INTO webhooks.endpoint_queues AS queue (endpoint_id, due_at)
SELECT delivery.endpoint_id, min(delivery.next_at)
FROM webhooks.deliveries AS delivery
JOIN webhooks.endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
WHERE delivery.status = 'pending' AND endpoint.active
GROUP BY delivery.endpoint_id
ORDER BY delivery.endpoint_id
ON CONFLICT (endpoint_id) DO UPDATE
SET due_at = least(coalesce(queue.due_at, excluded.due_at), excluded.due_at)
WHERE queue.due_at IS NULL

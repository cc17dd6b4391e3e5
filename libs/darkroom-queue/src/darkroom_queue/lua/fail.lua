-- Fails a step that waits, queued or delayed.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 error (JSON)
-- Returns 1 if the step was failed, otherwise 0
--#include head
--#include events
--#include queue
--#include avoid
--#include leases
local id, error = ARGV[1], ARGV[2]
local record = call('HGET', STEPS, id)
if not record then return 0 end
local h, lease = header_of(record), lease_of(id)
if lease.tok then return 0 end
if dequeue(h, id) == 1 then
  count('queued', -1)
  count('q:' .. h.type, -1)
elseif call('ZREM', P .. 'dl', id) == 1 then
  count('delayed', -1)
end
finish(id, h, lease, 'failed', event_data(lease, '"error":' .. error))
flush_leases()
flush_events()
flush_counts()
return 1

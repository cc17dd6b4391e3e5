-- Cancels a step. A waiting step ends at once; a running step is asked to stop and is cancelled by force after 10 s.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 reason
-- Returns cancelled | requested | finished | unknown
--#include head
--#include events
--#include queue
--#include avoid
--#include leases
local id, reason = ARGV[1], ARGV[2]
local record = call('HGET', STEPS, id)
if not record then return call('EXISTS', P .. 't:' .. id) == 1 and 'finished' or 'unknown' end
local h, lease = header_of(record), lease_of(id)
if lease.tok then
  if not lease.cx then
    lease.cx = reason
    call('HSET', LEASES, id, lease_line(h, lease) .. '\n' .. reason)
    call('ZADD', P .. 'cz', now + FORCE_CANCEL_MS, id)
    call('RPUSH', P .. 'c:' .. lease.w, 'cancel\t' .. id .. '\t' .. lease.tok)
    call('EXPIRE', P .. 'c:' .. lease.w, 60)
  end
  return 'requested'
end
if dequeue(h, id) == 1 then
  count('queued', -1)
  count('q:' .. h.type, -1)
elseif call('ZREM', P .. 'dl', id) == 1 then
  count('delayed', -1)
end
finish(id, h, lease, 'cancelled', '{"reason":' .. json(reason) .. '}')
flush_leases()
flush_events()
flush_counts()
return 'cancelled'

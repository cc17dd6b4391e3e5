-- Gives a dead letter its attempts back and queues it again; it keeps its score, so it comes before younger work.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Gives 1, or 0 if there is no such dead letter
--#include head
--#include events
--#include queue
local id = ARGV[1]
local record = call('GET', P .. 'd:' .. id)
if not record then return 0 end
call('HSET', STEPS, id, record)
call('DEL', P .. 'd:' .. id, P .. 't:' .. id)
call('ZREM', P .. 'dd', id)
local h = header_of(record)
count('failed', -1)
count('queued', 1)
count('q:' .. h.type, 1)
enqueue(h, id)
append('step.queued', h.job, id, h.tenant, '{"job_type":"' .. h.type .. '"}')
flush_events()
flush_counts()
return 1

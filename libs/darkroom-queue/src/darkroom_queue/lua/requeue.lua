-- Queues a dead letter of the operator again, with all its attempts and its old score, so it comes before newer steps.
-- A user's step is refused: it belongs to a job of the platform that has ended, so its result would be lost.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Returns 1; 0 if there is no such dead letter; -1 if the limit of all tenants' classes is reached, -2 if the tenant's
--       own is; -3 if it is a user's
--#include head
--#include events
--#include queue
--#include fit
--#include classes
--#include again
local id = ARGV[1]
local record = call('GET', P .. 'd:' .. id)
if not record then return 0 end
local h = header_of(record)
if h.tenant ~= OPERATOR then return -3 end
local used = queue_again(id, record, h)
if used then return used == OWN_SHARE and -2 or -1 end
call('DEL', P .. 'd:' .. id, P .. 't:' .. id)
call('ZREM', P .. 'dd', id)
count('failed', -1)
flush_events()
flush_counts()
return 1

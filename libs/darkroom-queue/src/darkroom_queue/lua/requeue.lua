-- Gives a dead letter of the operator's its attempts back and queues it again; it keeps its score, so it comes before
-- younger work. A user's step belongs to a job of the platform, which has ended with it: its result would reach nobody.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Gives 1, 0 if there is no such dead letter, or -1 if all tenants' shares of classes are used up, -2 if its own is,
--       -3 if it is a user's
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

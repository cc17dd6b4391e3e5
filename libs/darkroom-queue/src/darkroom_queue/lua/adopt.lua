-- Runs when a client connects to a server. A new run of the server starts an epoch, since its last second may be lost.
-- KEYS  1 {s}:meta
-- ARGV  1 run id of the server, 2 lease ms, then the requirements of the catalogue's types, whose classes are permanent
-- Returns the epoch
--#include head
--#include events
--#include fit
--#include classes
--#include refund
--#include permanent
local lease_ms = number_at(2)
for i = 3, #ARGV do make_permanent(ARGV[i]) end
local run, epoch = unpack(call('HMGET', KEYS[1], 'run', 'epoch'))
if run == ARGV[1] and epoch then return tonumber(epoch) end
epoch = tonumber(epoch or now) -- without data: the time in ms is greater than any earlier epoch
if run then epoch = epoch + 1 end
call('HSET', KEYS[1], 'epoch', epoch, 'run', ARGV[1], 'swept', now_text)
call('HDEL', KEYS[1], 'walk', 'walked') -- cursors are invalid in another run, and its clock may be behind
for _, id in ipairs(call('ZRANGE', P .. 'lz', 0, -1)) do
  call('ZADD', P .. 'lz', 'GT', now + lease_ms, id)
end
if run then append('log.reset', '', '', '', '{}') end
flush_events()
return epoch

-- Greets a server: another run of it than the one before starts an epoch, since its last second may be lost.
-- KEYS  1 {s}:meta
-- ARGV  1 run id of the server, 2 lease ms
-- Gives the epoch
--#include head
local before = call('HGET', KEYS[1], 'run')
if before == ARGV[1] then return tonumber(call('HGET', KEYS[1], 'epoch')) end
local number = call('HINCRBY', KEYS[1], 'epoch', 1)
call('HSET', KEYS[1], 'run', ARGV[1], 'swept', now)
for _, id in ipairs(call('ZRANGE', P .. 'lz', 0, -1)) do
  call('ZADD', P .. 'lz', 'GT', now + tonumber(ARGV[2]), id)
end
if before then
  call('XADD', P .. 'ev', '*', 'e', number .. '\tlog.reset\t\t\t\t{}')
end
return number

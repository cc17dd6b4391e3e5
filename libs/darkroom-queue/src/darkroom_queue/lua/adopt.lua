-- Greets a server: another run of it than the one before starts an epoch, since its last second may be lost.
-- KEYS  1 {s}:meta
-- ARGV  1 run id of the server, 2 lease ms
-- Gives the epoch
--#include head
--#include events
local known = call('HMGET', KEYS[1], 'run', 'epoch')
if known[1] == ARGV[1] and known[2] then return tonumber(known[2]) end
-- A server without its data knows no earlier epoch; Unix seconds are above any that was ever counted up to.
local number = known[2] and known[2] + 1 or tonumber(clock[1])
call('HSET', KEYS[1], 'epoch', number, 'run', ARGV[1], 'swept', now_text)
for _, id in ipairs(call('ZRANGE', P .. 'lz', 0, -1)) do
  call('ZADD', P .. 'lz', 'GT', now + tonumber(ARGV[2]), id)
end
if known[2] then append('log.reset', '', '', '', '{}') end
flush_events()
return number

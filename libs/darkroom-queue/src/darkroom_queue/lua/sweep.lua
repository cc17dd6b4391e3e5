-- The sweeper's turn: housekeeping that must go on while no worker lives.
-- KEYS  1 {s}:meta
-- ARGV  1 lease ms, 2 greatest number of steps of each kind, 3 ms after which the log forgets
-- Gives { steps touched, workers gone }
--#include head
--#include events
--#include queue
--#include leases
--#include sweep
local SET_LINGERS_MS = 600000
local lease_ms, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local touched = sweep(limit, lease_ms)

local gone = call('ZRANGE', P .. 'wz', '-inf', now - lease_ms * 2, 'BYSCORE', 'LIMIT', 0, limit)
for _, worker in ipairs(gone) do
  call('DEL', P .. 'wk:' .. worker, P .. 'c:' .. worker)
  if call('SCARD', P .. 'h:' .. worker) == 0 then call('DEL', P .. 'h:' .. worker) end
  call('ZREM', P .. 'wz', worker)
  call('PUBLISH', 'worker:status:' .. worker, '{"worker_id":' .. json(worker) .. ',"status":"lost","at_ms":' .. now .. '}')
end

for _, set in ipairs(call('ZRANGE', P .. 'sz', '-inf', now - SET_LINGERS_MS, 'BYSCORE', 'LIMIT', 0, 4)) do
  for _, class in ipairs(call('SMEMBERS', P .. 'mc:' .. set)) do
    call('SREM', P .. 'm:' .. class, set)
  end
  for _, tenant in ipairs(call('ZRANGE', P .. 'r:' .. set, 0, -1)) do
    call('DEL', P .. 'rc:' .. set .. ':' .. tenant)
  end
  call('HDEL', P .. 'cs', call('HGET', P .. 'csd', set))
  call('HDEL', P .. 'csd', set)
  call('HDEL', P .. 'v', set)
  call('HDEL', P .. 'by', set)
  call('DEL', P .. 'mc:' .. set, P .. 'r:' .. set, P .. 'f:' .. set, P .. 'b:' .. set, P .. 'w:' .. set)
  call('ZREM', P .. 'sz', set)
end

call('ZREMRANGEBYSCORE', P .. 'dd', '-inf', now - DEAD_LETTER_TTL * 1000)
flush_leases()
flush_debts()
flush_counts()
call('XTRIM', P .. 'ev', 'MINID', '~', now - tonumber(ARGV[3]))
return { touched, #gone }

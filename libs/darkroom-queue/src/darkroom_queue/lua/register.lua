-- Registers a worker process. It supersedes an older process of the same worker, whose leases expire at once.
-- KEYS  1 {s}:meta
-- ARGV  1 worker, 2 incarnation, 3 capabilities (canonical JSON), 4 info (JSON), 5 machine
-- Returns { 1, set }, or { -1, limit } if there are too many capability sets
--#include head
--#include events
--#include queue
--#include fit
--#include avoid
--#include leases
--#include sweep
--#include fleet
local MAX_SETS = 256
expect_arguments(5)
local worker, incarnation, abilities = ARGV[1], ARGV[2], ARGV[3]
local can = cjson.decode(abilities)
local set = call('HGET', P .. 'cs', abilities)
if not set then
  if call('HLEN', P .. 'cs') >= MAX_SETS then return { -1, MAX_SETS } end
  set = tostring(call('HINCRBY', KEYS[1], 'sets', 1))
  call('HSET', P .. 'cs', abilities, set)
  call('HSET', P .. 'csd', set, abilities)
  local known = call('HGETALL', P .. 'cld')
  for i = 1, #known, 2 do
    local class, need = known[i], cjson.decode(known[i + 1])
    if fits(need, can) and not is_paused(need.type) then
      join(set, class)
      for _, tenant in ipairs(call('SMEMBERS', P .. 'tn:' .. class)) do
        local head = call('ZRANGE', P .. 'q:' .. class .. ':' .. tenant, 0, 0, 'WITHSCORES')
        if head[1] then index(set, class, tenant, head[2]) end
      end
    end
  end
end
local before = call('HGET', P .. 'wk:' .. worker, 'inc')
if before and before ~= incarnation then
  for _, id in ipairs(call('SMEMBERS', P .. 'h:' .. worker)) do
    local record, lease = call('HGET', STEPS, id), lease_of(id)
    if record and lease.w == worker then expire(id) end
  end
end
flush_leases()
flush_debts()
flush_events()
flush_counts()
call('HSET', P .. 'wk:' .. worker, 'inc', incarnation, 'set', set, 'info', ARGV[4], 'machine', ARGV[5])
call('ZADD', P .. 'wz', now, worker)
call('ZADD', P .. 'sz', now, set)
call('DEL', P .. 'c:' .. worker)
publish_worker_status(worker, 'idle')
call('SADD', P .. 'ma:' .. ARGV[5], worker)
tell_machine(ARGV[5], 'ready')
return { 1, set }

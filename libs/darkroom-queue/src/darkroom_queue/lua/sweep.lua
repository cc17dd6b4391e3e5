-- The sweeper's maintenance, which must also run while no worker is alive.
-- KEYS  1 {s}:meta
-- ARGV  1 lease ms, 2 limit of steps of each kind, 3 retention of the log in ms, 4 maximum size of the log in bytes
-- Returns { steps changed, workers removed }
--#include head
--#include events
--#include queue
--#include avoid
--#include leases
--#include sweep
--#include fleet
--#include fit
--#include classes
--#include refund
--#include retire
--#include idle_tenants
--#include again
--#include orphans
local SET_LINGERS_MS, READER_LINGERS_MS = 600000, 86400000
local lease_ms, limit, keep_ms, max_bytes = number_at(1), number_at(2), number_at(3), number_at(4)
forgive_outage(lease_ms)
repair_orphans()
local touched = sweep(limit)

-- Trims the log, but not beyond the position of a live named reader unless the log exceeds `max_bytes`.
--   rd  hash reader → position ms, time of the report ms
local function trim_log()
  local from = now - keep_ms
  local readers = call('HGETALL', P .. 'rd')
  for i = 2, #readers, 2 do
    local place, said = match(readers[i], '^(%d+)\t(%d+)$')
    if place and now - said < READER_LINGERS_MS then from = math.min(from, tonumber(place)) end
  end
  call('XTRIM', P .. 'ev', 'MINID', '~', from)
  local bytes = call('MEMORY', 'USAGE', P .. 'ev') or 0
  if bytes > max_bytes then
    call('XTRIM', P .. 'ev', 'MAXLEN', '~', math.floor(call('XLEN', P .. 'ev') * max_bytes / bytes))
  end
end

local gone = call('ZRANGE', P .. 'wz', '-inf', now - lease_ms * 2, 'BYSCORE', 'LIMIT', 0, limit)
for _, worker in ipairs(gone) do
  forget_worker(worker, 'lost', 'disconnected')
end

-- Fails steps of a class that no capability set fits when they have waited longer than their timeout.
local function end_unworkable(class, tenant)
  local queue = P .. 'q:' .. class .. ':' .. tenant
  for _, id in ipairs(call('ZRANGE', queue, 0, limit - 1)) do
    local record = call('HGET', STEPS, id)
    local h = record and header_of(record)
    if h and now - h.queued_ms > h.timeout_ms then
      call('ZREM', queue, id)
      count('queued', -1)
      count('q:' .. h.type, -1)
      local error = error_json('unworkable', 'No worker that could run the step came in time.', false)
      finish(id, h, lease_of(id), 'failed', event_data({ at = 0 }, '"error":' .. error))
    end
  end
end

-- A class of a paused type is in no set, and its steps wait for the end of the pause.
local function waits_for_pause(class)
  local requirements = call('HGET', P .. 'cld', class)
  return requirements and is_paused(cjson.decode(requirements).type)
end

for _, class in ipairs(call('ZRANGE', P .. 'uw', 0, 9)) do
  if call('EXISTS', P .. 'm:' .. class) == 1 then
    call('ZREM', P .. 'uw', class)
  elseif waits_for_pause(class) then
    call('ZADD', P .. 'uw', now, class) -- check it last
  else
    local waiting = false
    for _, tenant in ipairs(call('SMEMBERS', P .. 'tn:' .. class)) do
      end_unworkable(class, tenant)
      waiting = waiting or call('EXISTS', P .. 'q:' .. class .. ':' .. tenant) == 1
    end
    if waiting then call('ZADD', P .. 'uw', now, class) else call('ZREM', P .. 'uw', class) end -- check it last
  end
end

for _, set in ipairs(call('ZRANGE', P .. 'sz', '-inf', now - SET_LINGERS_MS, 'BYSCORE', 'LIMIT', 0, 4)) do
  for _, class in ipairs(call('SMEMBERS', P .. 'mc:' .. set)) do
    call('SREM', P .. 'm:' .. class, set)
    if call('EXISTS', P .. 'm:' .. class, P .. 'tn:' .. class) == 1 then call('ZADD', P .. 'uw', now, class) end
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

retire_classes()
for _, set in ipairs(call('HKEYS', P .. 'csd')) do drop_idle_tenants(set) end
call('ZREMRANGEBYSCORE', P .. 'dd', '-inf', now - DEAD_LETTER_TTL * 1000)
flush_leases()
flush_debts()
flush_events()
flush_counts()
trim_log()
return { touched, #gone }

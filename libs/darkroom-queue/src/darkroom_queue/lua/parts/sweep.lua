-- Bounded maintenance by every turn and by the sweeper: expired leases, forced cancellations, due delayed steps.
local function error_json(code, message, retryable)
  return '{"code":"' .. code .. '","message":' .. json(message) .. ',"retryable":' .. tostring(retryable) .. '}'
end

-- No worker could send a heartbeat during an outage: all deadlines are extended by the time without a sweep.
local function forgive_outage(lease_ms)
  local swept = tonumber(call('HGET', KEYS[1], 'swept') or now)
  call('HSET', KEYS[1], 'swept', now_text)
  local gap = now - swept
  if gap <= lease_ms / 2 then return end
  local running = call('ZRANGE', P .. 'lz', 0, -1, 'WITHSCORES')
  for i = 1, #running, 2 do
    call('ZADD', P .. 'lz', tonumber(running[i + 1]) + gap, running[i])
  end
end

-- Ends an expired lease. The tombstone gets no token, so that a late finish does not match it.
local function expire(id)
  local record = call('HGET', STEPS, id)
  if not record then
    call('ZREM', P .. 'lz', id)
    return
  end
  local h, lease = header_of(record), lease_of(id)
  lease.tok = ''
  if now >= lease.s + h.timeout_ms then
    fail(id, h, lease, error_json('timeout', 'The step ran longer than its time limit.', false), false, 0)
  elseif h.redelivery == 'never' then
    local text = 'The worker vanished, and running this step twice could have an effect twice.'
    fail(id, h, lease, error_json('lease_expired', text, false), false, 0)
  else
    fail(id, h, lease, error_json('lease_expired', 'The worker vanished while running the step.', true), true, 0)
  end
end

local function force_cancel(id)
  call('ZREM', P .. 'cz', id)
  local record = call('HGET', STEPS, id)
  if not record then return end
  local h, lease = header_of(record), lease_of(id)
  if lease.tok and lease.cx then
    lease.tok = ''
    settle_lease(h, lease)
    cancelled(id, h, lease)
  end
end

local function promote(id)
  call('ZREM', P .. 'dl', id)
  count('delayed', -1)
  local record = call('HGET', STEPS, id)
  if not record then return end
  local h = header_of(record)
  call('SREM', P .. 'cr', h.class) -- see parts/retire.lua
  enter_queue(h, id)
end

local function due(key, limit)
  return call('ZRANGE', P .. key, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
end

-- Must run after `forgive_outage`.
local function sweep(limit)
  local expired, forced, delayed = due('lz', limit), due('cz', limit), due('dl', limit)
  for _, id in ipairs(expired) do expire(id) end
  flush_leases() -- a step that has just expired must not be cancelled, too
  for _, id in ipairs(forced) do force_cancel(id) end
  for _, id in ipairs(delayed) do promote(id) end
  return #expired + #forced + #delayed
end

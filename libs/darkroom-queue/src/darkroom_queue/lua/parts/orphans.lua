-- Finds and repairs orphaned records. Needs parts/again.lua and parts/leases.lua.
-- A step is in the queue of its class, delayed, or has a lease with a deadline. A record with none of these was left by
-- a script that failed midway, and would never be removed.
local LOOK_AT = 20

local function is_referenced(id, h, lease)
  return call('ZSCORE', P .. 'dl', id) or call('ZSCORE', P .. 'lz', id)
    or not lease.tok and h.class and call('ZSCORE', P .. 'q:' .. h.class .. ':' .. h.tenant, id)
end

local function has_usable_numbers(h)
  return #h.score <= 18 and tonumber(h.score) and h.weight and h.expected_ms and h.timeout_ms and h.max_attempts
end

local function repair(id, record, h, lease)
  if lease.tok then
    call('ZADD', P .. 'lz', now_text, id)
  elseif not h.class then -- not a step's record
    for _, hash in ipairs({ STEPS, LEASES, PROGRESS }) do call('HDEL', hash, id) end
  elseif not has_usable_numbers(h) or queue_again(id, record, h) == UNREADABLE then
    local text = 'The queue could not keep the step: it holds a number that is out of range.'
    local error = error_json('internal_error', text, false)
    finish(id, h, lease, 'failed', event_data({ at = 0 }, '"error":' .. error))
  end
end

-- Checks a few random records, so its cost does not depend on their number. Must run first in its script: a step that
-- ends there has a record until `flush_leases`.
local function repair_orphans()
  for _, id in ipairs(call('HRANDFIELD', STEPS, LOOK_AT)) do
    local record = call('HGET', STEPS, id)
    local h, lease = header_of(record), lease_of(id)
    if not is_referenced(id, h, lease) then repair(id, record, h, lease) end
  end
end

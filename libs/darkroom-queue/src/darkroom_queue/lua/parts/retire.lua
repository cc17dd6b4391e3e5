-- Retires classes without steps, and deletes them after another hour without steps. Needs parts/refund.lua.
--   cu  zset class → last time seen in use, or of retirement, ms      cr  set of retired classes without a use since
-- A class is retired when none of its steps waits. From then on its steps can only be delayed or running, and any that
-- is queued or delayed again removes the class from `cr`. So a later walk through `dl` and `lz` visits all steps of the
-- classes that remain in `cr`. The walk spans calls: meta stores `walk`, the current position, and `walked`, the time
-- when the last complete walk began.
local CLASS_LINGERS_MS, CLASSES_AT_ONCE, STEPS_AT_ONCE, TENANTS_AT_ONCE = 3600000, 20, 50, 50

local function is_waited_for(class)
  for _, tenant in ipairs(call('SRANDMEMBER', P .. 'tn:' .. class, TENANTS_AT_ONCE)) do
    if call('EXISTS', P .. 'q:' .. class .. ':' .. tenant) == 1 then return true end
    call('SREM', P .. 'tn:' .. class, tenant)
  end
  return call('EXISTS', P .. 'tn:' .. class) == 1
end

local function retire(class)
  local requirements = call('HGET', P .. 'cld', class)
  call('HDEL', P .. 'cls', requirements)
  call('HSET', P .. 'clr', requirements, class)
  call('SADD', P .. 'cr', class)
end

local function collect(class)
  for _, set in ipairs(call('SMEMBERS', P .. 'm:' .. class)) do call('SREM', P .. 'mc:' .. set, class) end
  call('DEL', P .. 'm:' .. class)
  refund_class(class)
  call('HDEL', P .. 'clr', call('HGET', P .. 'cld', class))
  for _, hash in ipairs({ 'cld', 'cm' }) do call('HDEL', P .. hash, class) end
  call('ZREM', P .. 'cu', class)
  call('SREM', P .. 'cr', class)
end

-- Continues the walk, or begins one: removes the classes of the visited steps from `cr`.
local function walk_on()
  local walk = call('HGET', KEYS[1], 'walk') or (now_text .. '\tdl\t0')
  local began, key, cursor = match(walk, '^(%d+)\t(%l+)\t(%d+)$')
  local found = call('ZSCAN', P .. key, cursor, 'COUNT', STEPS_AT_ONCE)
  for i = 1, #found[2], 2 do
    local record = call('HGET', STEPS, found[2][i])
    local class = record and match(record, '^%d+')
    if class and call('SREM', P .. 'cr', class) == 1 then call('ZADD', P .. 'cu', now_text, class) end
  end
  if found[1] ~= '0' then
    call('HSET', KEYS[1], 'walk', began .. '\t' .. key .. '\t' .. found[1])
  elseif key == 'dl' then
    call('HSET', KEYS[1], 'walk', began .. '\tlz\t0')
  else
    call('HSET', KEYS[1], 'walked', began)
    call('HDEL', KEYS[1], 'walk')
  end
end

-- Checks the classes with the oldest use.
local function retire_classes()
  local walked, wait_for_walk = tonumber(call('HGET', KEYS[1], 'walked') or '0'), false
  local old = call('ZRANGE', P .. 'cu', '-inf', now - CLASS_LINGERS_MS, 'BYSCORE', 'LIMIT', 0, CLASSES_AT_ONCE,
    'WITHSCORES')
  for i = 1, #old, 2 do
    local class = old[i]
    if call('SISMEMBER', P .. 'cr', class) == 0 then
      if not is_waited_for(class) then retire(class) end
      call('ZADD', P .. 'cu', now_text, class)
    elseif tonumber(old[i + 1]) < walked then
      collect(class)
    else
      wait_for_walk = true
    end
  end
  if wait_for_walk then walk_on() end
end

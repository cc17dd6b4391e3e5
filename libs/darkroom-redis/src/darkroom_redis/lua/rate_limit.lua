-- Takes one unit from each of several quotas, or from none if one is used up. Units are restored evenly over the
-- quota's window (generic cell rate algorithm). The state of a quota is the time at which all units are restored.
-- KEYS  1 {s}:meta
-- ARGV  for each quota: name, units, window in ms
-- Returns for each quota { units left, ms until all are restored, ms until one is restored (0: one was taken) }
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) -- Unix milliseconds

-- Scripts read all arguments before their first write, because a script that fails is not rolled back.
local function number_at(i)
  local number = tonumber(ARGV[i])
  if number and number > -1e15 and number < 1e15 then return number end
  error('argument ' .. i .. ' must be a number, not ' .. string.sub(ARGV[i] or 'nothing', 1, 50))
end

local ROUNDING_MS = 0.001
local found, granted = {}, true
for i = 1, #ARGV, 3 do
  local key, units, window = P .. 'rl:' .. ARGV[i], number_at(i + 1), number_at(i + 2)
  if units < 1 or window <= 0 then error('a quota needs at least one unit and a window') end
  local back_at = math.max(tonumber(call('GET', key) or '0'), now)
  local wait = back_at + window / units - now - window
  if wait > ROUNDING_MS then granted = false end
  found[#found + 1] = { key = key, each = window / units, window = window, back_at = back_at, wait = wait }
end
local answer = {}
for i, quota in ipairs(found) do
  if granted then
    quota.back_at = quota.back_at + quota.each
    call('SET', quota.key, string.format('%.17g', quota.back_at), 'PX', math.max(1, math.ceil(quota.back_at - now)))
  end
  local busy = quota.back_at - now
  answer[i] = {
    math.floor((quota.window - busy + ROUNDING_MS) / quota.each), math.ceil(busy),
    granted and 0 or math.max(0, math.ceil(quota.wait)),
  }
end
return answer

-- Takes one unit from each of several quotas, or none at all if one of them is used up. A used unit comes back evenly
-- over the quota's window (the generic cell rate algorithm): one number a quota, the time at which all units are back.
-- KEYS  1 {s}:meta
-- ARGV  for each quota: name, units, window in ms
-- Gives for each quota { units left, ms until all are back, ms until one is free (0: one was taken) }
--#include head
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

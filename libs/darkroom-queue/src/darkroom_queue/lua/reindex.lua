-- Updates the index of a class: the capability sets that fit it, or none while its type is paused.
-- KEYS  1 {s}:meta
-- ARGV  1 class
-- Returns the number of capability sets that have the class in their index
--#include head
--#include queue
--#include avoid
--#include claim
--#include fit
local class = ARGV[1]
local requirements = call('HGET', P .. 'cld', class)
if not requirements then return 0 end -- deleted meanwhile
local need = cjson.decode(requirements)
local paused, looking = is_paused(need.type), 0
local tenants, sets = call('SMEMBERS', P .. 'tn:' .. class), call('HGETALL', P .. 'csd')
for i = 1, #sets, 2 do
  local set = sets[i]
  if not paused and fits(need, cjson.decode(sets[i + 1])) then
    looking = looking + 1
    join(set, class)
    for _, tenant in ipairs(tenants) do
      local head = call('ZRANGE', P .. 'q:' .. class .. ':' .. tenant, 0, 0, 'WITHSCORES')
      if head[1] then index(set, class, tenant, head[2]) end
    end
  elseif call('SREM', P .. 'm:' .. class, set) == 1 then
    call('SREM', P .. 'mc:' .. set, class)
    for _, tenant in ipairs(tenants) do drop_class(set, tenant, class) end
  end
end
return looking

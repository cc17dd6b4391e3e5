-- Pauses or resumes a job type, or `*` for the whole shard. The caller must then reindex the classes of the type.
-- KEYS  1 {s}:meta
-- ARGV  1 type or *, 2 `on` or `off`
-- Returns the classes of the type
--#include head
local name = ARGV[1]
call(ARGV[2] == 'on' and 'SADD' or 'SREM', P .. 'ps', name)
local classes, known = {}, call('HGETALL', P .. 'cld')
for i = 1, #known, 2 do
  if cjson.decode(known[i + 1]).type == name then classes[#classes + 1] = known[i] end
end
if name == '*' and ARGV[2] == 'off' then
  for _, set in ipairs(call('ZRANGE', P .. 'sz', 0, -1)) do
    if call('LLEN', P .. 'w:' .. set) == 0 then call('RPUSH', P .. 'w:' .. set, 1) end
  end
end
return classes

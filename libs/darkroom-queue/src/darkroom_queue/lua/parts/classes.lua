-- Requirement classes: each distinct set of requirements gets a number, which is never given again. Needs parts/fit.lua.
--   cls  hash requirements → class                    cld  hash class → requirements      cm  hash class → its models
--   clr  the same as cls, of the retired classes      cb   hash class → tenant that brought it
--   ct   hash tenant → number of classes that it brought: one tenant must not use up what there may be of them
-- A class that was not used for long is retired (parts/retire.lua). The next submission that wants it takes it back, so
-- submissions need not tell which classes they use: what stays retired gets no new steps.
local MAX_CLASSES, MAX_CLASSES_OF_TENANT = 4096, 512
local classes = {}

local function new_class(requirements, tenant)
  local brought = tonumber(call('HGET', P .. 'ct', tenant) or '0')
  if call('HLEN', P .. 'cld') >= MAX_CLASSES or brought >= MAX_CLASSES_OF_TENANT then return nil end
  local class
  repeat
    class = tostring(call('HINCRBY', KEYS[1], 'classes', 1))
  until call('HSETNX', P .. 'cld', class, requirements) == 1 -- no other class has the number
  call('HSET', P .. 'cb', class, tenant)
  call('HSET', P .. 'ct', tenant, brought + 1)
  local need, sets = cjson.decode(requirements), call('HGETALL', P .. 'csd')
  if need.models then call('HSET', P .. 'cm', class, table.concat(need.models, '\t')) end
  if is_paused(need.type) then sets = {} end
  for i = 1, #sets, 2 do
    if fits(need, cjson.decode(sets[i + 1])) then join(sets[i], class) end
  end
  return class
end

-- Gives the class of the requirements, or nil if there are too many.
local function class_of(requirements, tenant)
  local class = classes[requirements] or call('HGET', P .. 'cls', requirements)
  if not class then
    class = call('HGET', P .. 'clr', requirements) or new_class(requirements, tenant)
    if not class then return nil end
    call('HDEL', P .. 'clr', requirements)
    call('SREM', P .. 'cr', class)
    call('HSET', P .. 'cls', requirements, class)
    call('ZADD', P .. 'cu', now_text, class)
  end
  classes[requirements] = class
  return class
end

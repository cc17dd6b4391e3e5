-- Requirement classes: each distinct set of requirements gets a number, which is never reused. Needs parts/fit.lua.
--   cls  hash requirements → class                    cld  hash class → requirements      cm  hash class → its models
--   clr  the same as cls, of the retired classes      cb   hash class → tenant that created it
--   ct   hash tenant → number of classes that it created
-- A class that was unused for a time is retired (parts/retire.lua). The next submission that needs it restores it, so
-- submissions need not record which classes they use: a class that remains retired gets no new steps.
-- The classes of the catalogue's types are permanent (parts/permanent.lua) and count against no tenant's limit.
-- Tenants share MAX_SHARED others. A tenant may create 64, and at most a 32nd of the remaining ones: limits shrink as
-- the table fills, so a few tenants cannot exhaust it. The operator has its own limit.
local OPERATOR = 'system'
local MAX_SHARED, MAX_OF_TENANT, PART_OF_REST, MAX_OF_OPERATOR = 3072, 64, 32, 1024
local OWN_SHARE, ALL_SHARES, UNREADABLE = 'own', 'all', 'unreadable' -- reasons why there is no class
local classes = {}

-- Returns the limit that prevents the tenant from creating a class; nil if none does.
local function used_up(tenant)
  local brought, operators = tonumber(call('HGET', P .. 'ct', tenant) or '0'), call('HGET', P .. 'ct', OPERATOR)
  if tenant == OPERATOR then return brought >= MAX_OF_OPERATOR and OWN_SHARE or nil end
  if brought >= MAX_OF_TENANT then return OWN_SHARE end
  local rest = MAX_SHARED - (call('HLEN', P .. 'cb') - tonumber(operators or '0'))
  return brought >= rest / PART_OF_REST and ALL_SHARES or nil
end

local function make_class(requirements)
  local is_json, need = pcall(cjson.decode, requirements)
  if not is_json or type(need) ~= 'table' or type(need.type) ~= 'string' then return nil end
  local sets, class = call('HGETALL', P .. 'csd'), nil
  repeat
    class = tostring(call('HINCRBY', KEYS[1], 'classes', 1))
  until call('HSETNX', P .. 'cld', class, requirements) == 1 -- no other class has the number
  if need.models then call('HSET', P .. 'cm', class, table.concat(need.models, '\t')) end
  if is_paused(need.type) then sets = {} end
  for i = 1, #sets, 2 do
    if fits(need, cjson.decode(sets[i + 1])) then join(sets[i], class) end
  end
  return class
end

-- Returns the class of the requirements, or nil and the reason.
local function class_of(requirements, tenant)
  local class = classes[requirements] or call('HGET', P .. 'cls', requirements)
  if not class then
    class = call('HGET', P .. 'clr', requirements)
    if not class then
      local why_not = used_up(tenant)
      if why_not then return nil, why_not end
      class = make_class(requirements)
      if not class then return nil, UNREADABLE end
      call('HSET', P .. 'cb', class, tenant)
      call('HINCRBY', P .. 'ct', tenant, 1)
    end
    call('HDEL', P .. 'clr', requirements)
    call('SREM', P .. 'cr', class)
    call('HSET', P .. 'cls', requirements, class)
    call('ZADD', P .. 'cu', now_text, class)
  end
  classes[requirements] = class
  return class
end

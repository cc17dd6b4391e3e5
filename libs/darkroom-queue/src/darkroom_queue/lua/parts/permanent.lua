-- Permanent classes: they belong to no tenant, and are neither counted nor retired. Needs parts/classes.lua and
-- parts/refund.lua.

-- Creates a permanent class, or makes the existing one permanent.
local function make_permanent(requirements)
  local class = call('HGET', P .. 'cls', requirements)
  if class and not call('ZSCORE', P .. 'cu', class) then return end
  class = class or call('HGET', P .. 'clr', requirements) or make_class(requirements)
  call('HDEL', P .. 'clr', requirements)
  call('HSET', P .. 'cls', requirements, class)
  call('SREM', P .. 'cr', class)
  call('ZREM', P .. 'cu', class)
  refund_class(class)
end

-- Bounds the finish tags and debts of a capability set: beyond MAX_TENANTS, those of idle tenants are deleted. A tenant
-- is idle if no step of it waits and V has passed its finish tag: it starts at V with or without the tag. Its debt is
-- forgiven. Samples are random, so that no position needs to be stored.
local MAX_TENANTS, TENANTS_SAMPLED = 10000, 200

local function drop_idle_tenants(set)
  local tags, debts_of = P .. 'f:' .. set, P .. 'b:' .. set
  local virtual = tonumber(call('HGET', P .. 'v', set) or '0')
  for _, hash in ipairs({ tags, debts_of }) do
    local excess = call('HLEN', hash) - MAX_TENANTS
    if excess > 0 then
      for _, tenant in ipairs(call('HRANDFIELD', hash, math.min(excess, TENANTS_SAMPLED))) do
        local finish = tonumber(call('HGET', tags, tenant) or '0')
        if finish <= virtual and not call('ZSCORE', P .. 'r:' .. set, tenant) then
          call('HDEL', tags, tenant)
          call('HDEL', debts_of, tenant)
        end
      end
    end
  end
end

-- Order: which tenant, which class, which step is next for a capability set (weighted start-time fair queueing).
--   q:<class>:<tenant>  zset of steps by score          tn:<class>  set of tenants that may have steps of the class
--   rc:<set>:<tenant>   zset class → lower bound of its head, repaired lazily
--   r:<set>             zset tenant → start tag S       f:<set>  hash tenant → finish tag F       v  hash set → V
local function wake(set)
  if call('LLEN', P .. 'w:' .. set) == 0 then call('RPUSH', P .. 'w:' .. set, 1) end
end

-- A tenant that becomes active starts at max(F, V): it neither saves up nor loses its turn.
local function activate(set, tenant)
  if call('ZSCORE', P .. 'r:' .. set, tenant) then return end
  local finish = tonumber(call('HGET', P .. 'f:' .. set, tenant) or '0')
  local virtual = tonumber(call('HGET', P .. 'v', set) or '0')
  call('ZADD', P .. 'r:' .. set, math.max(finish, virtual), tenant)
end

local function index(set, class, tenant, score)
  call('ZADD', P .. 'rc:' .. set .. ':' .. tenant, 'LT', score, class)
  activate(set, tenant)
  wake(set)
end

-- Invariant: a step in q:<class>:<tenant> means that every set that fits the class has the class in rc with a bound
-- not above the head, and the tenant in r. So only a new head has to be told to the sets.
local function enqueue(h, id)
  local queue = P .. 'q:' .. h.class .. ':' .. h.tenant
  local head = call('ZRANGE', queue, 0, 0, 'WITHSCORES')
  call('ZADD', queue, h.score, id)
  if head[1] and tonumber(h.score) >= tonumber(head[2]) then return end
  if not head[1] then call('SADD', P .. 'tn:' .. h.class, h.tenant) end
  for _, set in ipairs(call('SMEMBERS', P .. 'm:' .. h.class)) do
    index(set, h.class, h.tenant, h.score)
  end
end

local function dequeue(h, id)
  return call('ZREM', P .. 'q:' .. h.class .. ':' .. h.tenant, id)
end

-- Forgets that the tenant has work in this class for this set; the tenant leaves the ring with its last class.
local function drop_class(set, tenant, class)
  local classes = P .. 'rc:' .. set .. ':' .. tenant
  call('ZREM', classes, class)
  if call('EXISTS', classes) == 0 then call('ZREM', P .. 'r:' .. set, tenant) end
end

-- Takes the next step's id for `set` out of its queue; returns id, class, tenant, start tag; or nil.
local function take(set)
  while true do
    local ring = call('ZRANGE', P .. 'r:' .. set, 0, 0, 'WITHSCORES')
    local tenant = ring[1]
    if not tenant then return nil end
    local classes = call('ZRANGE', P .. 'rc:' .. set .. ':' .. tenant, 0, 1, 'WITHSCORES')
    local class = classes[1]
    if not class then
      call('ZREM', P .. 'r:' .. set, tenant)
    else
      local queue = P .. 'q:' .. class .. ':' .. tenant
      local heads = call('ZRANGE', queue, 0, 1, 'WITHSCORES')
      if not heads[1] then
        drop_class(set, tenant, class)
        call('SREM', P .. 'tn:' .. class, tenant)
      elseif classes[4] and tonumber(heads[2]) > tonumber(classes[4]) then
        call('ZADD', P .. 'rc:' .. set .. ':' .. tenant, heads[2], class) -- the bound was too low: look again
      else
        call('ZREM', queue, heads[1])
        if heads[3] then
          call('ZADD', P .. 'rc:' .. set .. ':' .. tenant, heads[4], class)
        else
          drop_class(set, tenant, class)
          call('SREM', P .. 'tn:' .. class, tenant)
        end
        return heads[1], class, tenant, tonumber(ring[2])
      end
    end
  end
end

-- Charges the tenant for a step: V = max(V, S) + 1 (the + 1 keeps ties inside the bound), F = S + cost / weight.
local function charge(set, tenant, start, cost_ms, weight)
  local virtual = tonumber(call('HGET', P .. 'v', set) or '0')
  call('HSET', P .. 'v', set, math.max(virtual, start) + 1)
  local debt = tonumber(call('HGET', P .. 'b:' .. set, tenant) or '0')
  if debt ~= 0 then call('HDEL', P .. 'b:' .. set, tenant) end
  local finish = start + math.max(0, cost_ms + debt) / weight
  call('HSET', P .. 'f:' .. set, tenant, finish)
  call('ZADD', P .. 'r:' .. set, 'XX', finish, tenant)
end

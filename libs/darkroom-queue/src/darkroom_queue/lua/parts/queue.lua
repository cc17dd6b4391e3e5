-- Waiting steps and the index of each capability set (weighted start-time fair queueing; parts/claim.lua removes them).
--   q:<class>:<tenant>  zset of steps by score          tn:<class>  set of tenants that may have steps of the class
--   rc:<set>:<tenant>   zset class → lower bound of its head, corrected lazily
--   r:<set>             zset tenant → start tag S       f:<set>  hash tenant → finish tag F       v  hash set → V
local function wake(set)
  if call('LLEN', P .. 'w:' .. set) == 0 then call('RPUSH', P .. 'w:' .. set, 1) end
end

-- A tenant that becomes active starts at max(F, V): idle time earns no credit, and past service still counts.
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

-- Adds steps, as scores and ids, to the queue of a class and tenant; `best` is their lowest score.
-- Invariant: a step in q:<class>:<tenant> means that every set that fits the class has the class in rc with a bound
-- not above the head, and the tenant in r. So only a new head requires an update of the sets.
local function enqueue_all(class, tenant, best, scored)
  local queue = P .. 'q:' .. class .. ':' .. tenant
  local head = call('ZRANGE', queue, 0, 0, 'WITHSCORES')
  call('ZADD', queue, unpack(scored))
  if head[1] and best >= tonumber(head[2]) then return end
  if not head[1] then call('SADD', P .. 'tn:' .. class, tenant) end
  local sets = call('SMEMBERS', P .. 'm:' .. class)
  if not sets[1] then call('ZADD', P .. 'uw', 'NX', now, class) end -- no set fits it: the sweeper checks it
  for _, set in ipairs(sets) do
    index(set, class, tenant, best)
  end
end

local function enqueue(h, id)
  enqueue_all(h.class, h.tenant, tonumber(h.score), { h.score, id })
end

local function dequeue(h, id)
  return call('ZREM', P .. 'q:' .. h.class .. ':' .. h.tenant, id)
end

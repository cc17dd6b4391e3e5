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

-- Start tags, finish tags and debts of one claim, read once and written once by `settle_accounts`.
local accounts = { touched = {} }

local function open_accounts(set)
  accounts.set, accounts.v = set, tonumber(call('HGET', P .. 'v', set) or '0')
end

-- Charges the tenant for a step that starts at `start` and gives its next start tag: V = max(V, S) + 1 (the + 1 keeps
-- ties inside the bound), F = S + max(0, cost + debt) / weight.
local function charge(tenant, start, cost_ms, weight)
  accounts.v = math.max(accounts.v, start) + 1
  local debt = 0
  if not accounts.touched[tenant] then
    debt = tonumber(call('HGET', P .. 'b:' .. accounts.set, tenant) or '0')
    if debt ~= 0 then call('HDEL', P .. 'b:' .. accounts.set, tenant) end
  end
  local finish = start + math.max(0, cost_ms + debt) / weight
  accounts.touched[tenant] = finish
  return finish
end

local function settle_accounts()
  local changed = false
  for tenant, finish in pairs(accounts.touched) do
    call('HSET', P .. 'f:' .. accounts.set, tenant, finish)
    call('ZADD', P .. 'r:' .. accounts.set, 'XX', finish, tenant)
    changed = true
  end
  if changed then call('HSET', P .. 'v', accounts.set, accounts.v) end
end

-- Looks for the next tenant and class of the set that really have work. Gives the tenant, its start tag, the next
-- tenant and its tag, the class, and up to `limit` of its steps with scores, all before the tenant's next class.
local function next_run(set, limit)
  while true do
    local ring = call('ZRANGE', P .. 'r:' .. set, 0, 1, 'WITHSCORES')
    local tenant = ring[1]
    if not tenant then return nil end
    local classes = call('ZRANGE', P .. 'rc:' .. set .. ':' .. tenant, 0, 1, 'WITHSCORES')
    local class = classes[1]
    if not class then
      call('ZREM', P .. 'r:' .. set, tenant)
    else
      local queue = P .. 'q:' .. class .. ':' .. tenant
      local steps = call('ZRANGE', queue, '-inf', classes[4] or '+inf', 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
      if steps[1] then
        return { tenant = tenant, start = tonumber(ring[2]), rival = ring[3], rival_start = tonumber(ring[4] or '0'),
          class = class, queue = queue, steps = steps }
      end
      local head = call('ZRANGE', queue, 0, 0, 'WITHSCORES')
      if head[1] then -- the bound was too low: another class comes first
        call('ZADD', P .. 'rc:' .. set .. ':' .. tenant, head[2], class)
      else
        drop_class(set, tenant, class)
        call('SREM', P .. 'tn:' .. class, tenant)
      end
    end
  end
end

-- Puts the class's bound right after its first steps were taken.
local function mend_bound(set, run)
  local head = call('ZRANGE', run.queue, 0, 0, 'WITHSCORES')
  if head[1] then
    call('ZADD', P .. 'rc:' .. set .. ':' .. run.tenant, head[2], run.class)
  else
    drop_class(set, run.tenant, run.class)
    call('SREM', P .. 'tn:' .. run.class, run.tenant)
  end
end

-- Takes up to `want` steps for `set` in order and calls serve(id, header, record) for each.
local function take(set, want, serve)
  open_accounts(set)
  while want > 0 do
    local run = next_run(set, math.min(want, 32))
    if not run then break end
    local start, taken, keys = run.start, {}, {}
    for i = 1, #run.steps, 2 do keys[#keys + 1] = P .. 's:' .. run.steps[i] end
    local records = call('MGET', unpack(keys))
    for i = 1, #records do
      if want == 0 then break end
      if run.rival and (start > run.rival_start or (start == run.rival_start and run.tenant > run.rival)) then break end
      local id = run.steps[2 * i - 1]
      taken[#taken + 1] = id
      if records[i] then
        local h = header_of(records[i])
        start = charge(run.tenant, start, h.expected_ms, h.weight)
        want = want - 1
        serve(id, h, records[i])
      end
    end
    call('ZREM', run.queue, unpack(taken))
    call('ZADD', P .. 'r:' .. set, 'XX', start, run.tenant)
    mend_bound(set, run)
  end
  settle_accounts()
end

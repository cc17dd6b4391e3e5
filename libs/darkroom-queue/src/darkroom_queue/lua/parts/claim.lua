-- Claims: selects the next tenant, class and steps of a capability set. See parts/queue.lua for the keys.
-- Removes a class of a tenant from the index of a set. The tenant leaves the ring with its last class.
local function drop_class(set, tenant, class)
  local classes = P .. 'rc:' .. set .. ':' .. tenant
  call('ZREM', classes, class)
  if call('EXISTS', classes) == 0 then call('ZREM', P .. 'r:' .. set, tenant) end
end

-- Start tags, finish tags and debts of one claim. Read once; written once by `settle_accounts`.
local accounts = { touched = {} }

local function open_accounts(set)
  accounts.set, accounts.v = set, tonumber(call('HGET', P .. 'v', set) or '0')
end

-- Charges the tenant for a step that starts at `start` and returns its next start tag: V = max(V, S), where S is the
-- lowest start tag, also if its tenant is bypassed; F = S + max(1, cost + debt) / w. A step costs at least 1 ms, and V
-- never exceeds the lowest start tag. Otherwise tenants with short steps would stay below V, ahead of later tenants.
local function charge(tenant, start, cost_ms, weight, lowest)
  accounts.v = math.max(accounts.v, lowest or start)
  local debt = 0
  if not accounts.touched[tenant] then
    debt = tonumber(call('HGET', P .. 'b:' .. accounts.set, tenant) or '0')
    if debt ~= 0 then call('HDEL', P .. 'b:' .. accounts.set, tenant) end
  end
  local finish = start + math.max(1, cost_ms + debt) / weight
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

-- Returns the next tenant and class of the set that have steps: the tenant and its start tag, the next tenant and its
-- tag, the class, and up to `limit` of its steps, all before the tenant's next class.
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
      local steps = call('ZRANGE', queue, '-inf', classes[4] or '+inf', 'BYSCORE', 'LIMIT', 0, limit)
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

-- Affinity: a step for models that the worker has loaded may bypass the head, at most MAX_BYPASSES times in a row. With
-- N active tenants, each of them starts a step within N (MAX_BYPASSES + 1) claims of its pool.
--   cm  hash class → its models       by  hash set → bypasses in a row
local MAX_BYPASSES, LOOK_AT_TENANTS, LOOK_AT_CLASSES = 4, 8, 4
local suits = {}

local function is_resident(class, resident)
  if suits[class] == nil then
    local models = call('HGET', P .. 'cm', class) or ''
    suits[class] = models ~= ''
    for model in string.gmatch(models, '[^\t]+') do
      if not resident[model] then suits[class] = false end
    end
  end
  return suits[class]
end

-- Returns a run of one step for the resident models; nil if there is none or if it is the head itself.
local function affine_run(set, resident)
  local ring = call('ZRANGE', P .. 'r:' .. set, 0, LOOK_AT_TENANTS - 1, 'WITHSCORES')
  for i = 1, #ring, 2 do
    local tenant = ring[i]
    local classes = call('ZRANGE', P .. 'rc:' .. set .. ':' .. tenant, 0, LOOK_AT_CLASSES - 1)
    for j = 1, #classes do
      if is_resident(classes[j], resident) then
        local queue = P .. 'q:' .. classes[j] .. ':' .. tenant
        local steps = call('ZRANGE', queue, 0, 0)
        if steps[1] then
          if i + j == 2 then return nil end -- the head itself
          return { tenant = tenant, start = tonumber(ring[i + 1]), lowest = tonumber(ring[2]), class = classes[j],
            queue = queue, steps = steps }
        end
      end
    end
  end
end

local function preferred_run(set, resident)
  if not resident then return nil end
  local bypasses = tonumber(call('HGET', P .. 'by', set) or '0')
  local run = bypasses < MAX_BYPASSES and affine_run(set, resident)
  if run then
    call('HSET', P .. 'by', set, bypasses + 1)
  elseif bypasses > 0 then
    call('HDEL', P .. 'by', set)
  end
  return run or nil
end

-- Updates the lower bound of the class after its first steps were taken.
local function mend_bound(set, run)
  local head = call('ZRANGE', run.queue, 0, 0, 'WITHSCORES')
  if head[1] then
    call('ZADD', P .. 'rc:' .. set .. ':' .. run.tenant, head[2], run.class)
  else
    drop_class(set, run.tenant, run.class)
    call('SREM', P .. 'tn:' .. run.class, run.tenant)
  end
end

-- Fields of a record's header that a claim uses: weight, tail, expected ms, type, job.
local CLAIMED = '^' .. SKIP .. FIELD .. SKIP .. SKIP .. SKIP
  .. '(' .. FIELD .. SKIP .. SKIP .. FIELD .. FIELD .. SKIP .. SKIP .. '%C*)\n'

-- Steps that avoid the worker are taken out of the index of its set while a claim goes on, and put back at its end.
local function set_aside(aside, run, id, start)
  aside[#aside + 1] = { tenant = run.tenant, start = start, class = run.class, queue = run.queue, id = id,
    score = call('ZSCORE', run.queue, id) }
end

-- Returns the lowest start tag, also if its tenant has only steps that are set aside.
local function lowest_of(start, aside)
  for _, step in ipairs(aside) do start = math.min(start, accounts.touched[step.tenant] or step.start) end
  return start
end

local function put_aside_back(set, aside)
  for _, step in ipairs(aside) do
    call('ZADD', step.queue, step.score, step.id)
    call('SADD', P .. 'tn:' .. step.class, step.tenant)
    call('ZADD', P .. 'rc:' .. set .. ':' .. step.tenant, 'LT', step.score, step.class)
    call('ZADD', P .. 'r:' .. set, 'NX', step.start, step.tenant)
  end
end

-- Takes up to `want` steps for a worker of `set` in fair order, or by affinity to `resident` models where allowed, and
-- calls serve(id, record, lease, tail, type, job, tenant) for each. Returns whether all steps that remain avoid the
-- worker. Needs parts/avoid.lua.
local function take(worker, set, want, resident, serve)
  open_accounts(set)
  local avoiding, aside = want > 0 and call('EXISTS', P .. 'av') == 1, {}
  while want > 0 do
    local run = preferred_run(set, resident) or next_run(set, resident and 1 or math.min(want, 50))
    if not run then break end
    local start, taken, ids, tenant, rival = run.start, {}, run.steps, run.tenant, run.rival
    local records, leases = call('HMGET', STEPS, unpack(ids)), call('HMGET', LEASES, unpack(ids))
    for i = 1, #ids do
      if want == 0 then break end
      if rival and (start > run.rival_start or (start == run.rival_start and tenant > rival)) then break end
      local id, record = ids[i], records[i]
      taken[i] = id
      if record and avoiding and #aside < MAX_SET_ASIDE and avoids(id, run.class, worker, set) then
        set_aside(aside, run, id, start)
      elseif record then
        local weight, tail, expected_ms, kind, job = match(record, CLAIMED)
        start = charge(tenant, start, tonumber(expected_ms), tonumber(weight), lowest_of(run.lowest or start, aside))
        want = want - 1
        serve(id, record, leases[i], tail, kind, job, tenant)
      end
    end
    call('ZREM', run.queue, unpack(taken))
    call('ZADD', P .. 'r:' .. set, 'XX', start, tenant)
    mend_bound(set, run)
  end
  put_aside_back(set, aside)
  settle_accounts()
  return want > 0 and #aside > 0
end

-- The end of a running step: its lease is removed, and it is finished, delayed for a retry, or queued again.
-- Needs parts/avoid.lua.
--   l   hash step → token, worker, attempts made, started ms, set, the record's tail; from the first claim on. A
--       cancellation request adds a line with its reason.
--   d:<step>  string: the record of a dead letter      dd  zset dead letter → time of the failure, ms
--   lz  zset step → lease deadline ms      h:<worker>  set of steps      dl  zset step → due ms
local TOMBSTONE_TTL, DEAD_LETTER_TTL = 86400, 604800 -- seconds
local FORCE_CANCEL_MS = 10000
local LEASE = '^' .. string.rep(FIELD, 5) .. '[^\n]*\n?(.*)$'

-- A step that is not running has no token; a step that was never claimed has no lease.
local function read_lease(text)
  if not text then return { at = 0, s = 0 } end
  local tok, worker, at, started, set, cx = match(text, LEASE)
  return { tok = tok ~= '' and tok or nil, w = worker ~= '' and worker or nil, at = tonumber(at),
    s = tonumber(started), set = set ~= '' and set or nil, cx = cx ~= '' and cx or nil }
end

local function lease_line(h, lease)
  return (lease.tok or '') .. '\t' .. (lease.w or '') .. '\t' .. lease.at .. '\t' .. lease.s .. '\t'
    .. (lease.set or '') .. '\t' .. h.tail
end

local function lease_of(id)
  return read_lease(call('HGET', LEASES, id))
end

-- Ended steps and leases are accumulated here and removed at once by `flush_leases`.
local ended = { unleased = {}, by_worker = {}, gone = {} }

local function unlease(id, worker)
  local unleased = ended.unleased
  unleased[#unleased + 1] = id
  if worker then
    local mine = ended.by_worker[worker] or {}
    ended.by_worker[worker] = mine
    mine[#mine + 1] = id
  end
end

local function flush_leases()
  if #ended.unleased > 0 then call('ZREM', P .. 'lz', unpack(ended.unleased)) end
  for worker, ids in pairs(ended.by_worker) do call('SREM', P .. 'h:' .. worker, unpack(ids)) end
  if #ended.gone > 0 then
    call('HDEL', STEPS, unpack(ended.gone))
    call('HDEL', LEASES, unpack(ended.gone))
    for _, hash in ipairs({ PROGRESS, P .. 'av' }) do
      if call('EXISTS', hash) == 1 then call('HDEL', hash, unpack(ended.gone)) end
    end
  end
  ended = { unleased = {}, by_worker = {}, gone = {} }
end

-- The actual cost of a step corrects its tenant's next start tag (debt), and is counted in the histogram of its type's
-- service times, where bucket b begins at 2^(b/2) ms. Accumulated here, written once by `flush_debts`.
local debts, times = {}, {}

local function settle(set, tenant, service_ms, expected_ms)
  local of_set = debts[set] or {}
  debts[set] = of_set
  of_set[tenant] = (of_set[tenant] or 0) + service_ms - expected_ms
end

local function measure(kind, service_ms)
  local of_kind = times[kind] or {}
  times[kind] = of_kind
  local fraction, exponent = math.frexp(math.max(1, service_ms))
  local bucket = 2 * (exponent - 1) + (fraction * fraction >= 0.5 and 1 or 0)
  of_kind[bucket] = (of_kind[bucket] or 0) + 1
end

-- Halves the counts of a histogram, so that new measurements outweigh old ones.
local MAX_IN_BUCKET = 500
local function age_histogram(key)
  local buckets = call('HGETALL', key)
  for i = 1, #buckets, 2 do
    local half = math.floor(tonumber(buckets[i + 1]) / 2)
    if half == 0 then call('HDEL', key, buckets[i]) else call('HSET', key, buckets[i], half) end
  end
end

local function flush_debts() -- after `flush_leases`, since both belong to ended leases
  for set, of_set in pairs(debts) do
    if call('HEXISTS', P .. 'csd', set) == 1 then
      for tenant, debt in pairs(of_set) do call('HINCRBYFLOAT', P .. 'b:' .. set, tenant, debt) end
    end
  end
  for kind, of_kind in pairs(times) do
    local key = P .. 'hi:' .. kind
    for bucket, number in pairs(of_kind) do
      if call('HINCRBY', key, bucket, number) >= MAX_IN_BUCKET then age_histogram(key) end
    end
  end
  debts, times = {}, {}
end

local function settle_lease(h, lease)
  if lease.set and lease.s > 0 then settle(lease.set, h.tenant, now - lease.s, h.expected_ms) end
end

-- Writes the tombstone and appends the event. `line` is the lease's, `data` the JSON object of the event.
local function bury(id, line, job, tenant, state, data)
  ended.gone[#ended.gone + 1] = id
  call('SETEX', P .. 't:' .. id, state == 'failed' and DEAD_LETTER_TTL or TOMBSTONE_TTL,
    state .. '\t' .. now_text .. '\t' .. line .. '\n' .. data)
  count(state, 1)
  append('step.' .. state, job, id, tenant, data)
end

-- Ends a step; `state` completed | failed | cancelled.
local function finish(id, h, lease, state, data)
  unlease(id, lease.w)
  if lease.cx then call('ZREM', P .. 'cz', id) end
  if state == 'failed' then -- stored as submitted, so that an operator can requeue it
    call('SETEX', P .. 'd:' .. id, DEAD_LETTER_TTL, call('HGET', STEPS, id))
    call('ZADD', P .. 'dd', now_text, id)
  end
  bury(id, lease_line(h, lease), h.job, h.tenant, state, data)
end

local function leave_running(kind)
  count('running', -1)
  count('r:' .. kind, -1)
end

local function enter_queue(h, id)
  count('queued', 1)
  count('q:' .. h.type, 1)
  enqueue(h, id)
end

local function event_data(lease, more)
  local head = '{"worker_id":"' .. (lease.w or '') .. '","attempt":' .. lease.at
  return head .. (more and (',' .. more) or '') .. '}'
end

-- Requeues or delays a running step. Its score is unchanged, so it stays ahead of newer steps.
local function put_back(id, h, lease, delay_ms)
  unlease(id, lease.w)
  leave_running(h.type)
  call('SREM', P .. 'cr', h.class) -- see parts/retire.lua
  call('HSET', LEASES, id, lease_line(h, { at = lease.at, s = 0 }))
  if delay_ms > 0 then
    count('delayed', 1)
    call('ZADD', P .. 'dl', now + delay_ms, id)
  else
    enter_queue(h, id)
  end
end

local function cancelled(id, h, lease)
  leave_running(h.type)
  finish(id, h, lease, 'cancelled', '{"reason":' .. json(lease.cx) .. '}')
end

-- Requeues a step that the worker has released, without using an attempt.
local function give_back(id, h, lease)
  if lease.cx then return cancelled(id, h, lease) end
  append('step.released', h.job, id, h.tenant, event_data(lease))
  lease.at = lease.at - 1
  put_back(id, h, lease, 0)
end

-- Ends a failed attempt: the step is cancelled, retried or failed. `error` is the JSON of a StepError; `where` is
-- 'elsewhere' or 'larger' if the step is to avoid its worker.
local function fail(id, h, lease, error, retryable, delay_ms, where)
  settle_lease(h, lease)
  if lease.cx then
    cancelled(id, h, lease)
  elseif retryable and lease.at < h.max_attempts then
    if where then avoid(id, lease, where == 'larger', delay_ms) end
    put_back(id, h, lease, delay_ms)
    append('step.retrying', h.job, id, h.tenant,
      event_data(lease, '"error":' .. error .. ',"retry_at_ms":' .. (now + delay_ms)))
  else
    leave_running(h.type)
    finish(id, h, lease, 'failed', event_data(lease, '"error":' .. error))
  end
end

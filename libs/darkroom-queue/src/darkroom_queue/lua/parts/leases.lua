-- How a running step ends: its lease goes, and it is finished, delayed for a retry, or queued again.
--   l:<step>  string: token, worker, attempts made, started ms, set, cancel reason; from the first claim on
--   d:<step>  string: the record of a dead letter      dd  zset dead letter → when it failed, ms
--   lz  zset step → lease deadline ms      h:<worker>  set of steps      dl  zset step → due ms
local TOMBSTONE_TTL, DEAD_LETTER_TTL = 86400, 604800 -- seconds
local FORCE_CANCEL_MS = 10000

-- A step that is not running has no token; one that was never claimed has no lease at all.
local function read_lease(text)
  if not text then return { at = 0, s = 0 } end
  local tok, worker, at, started, set, cx = string.match(text, '^([^\t]*)\t([^\t]*)\t(%d+)\t(%d+)\t([^\t]*)\t(.*)$')
  return { tok = tok ~= '' and tok or nil, w = worker ~= '' and worker or nil, at = tonumber(at),
    s = tonumber(started), set = set ~= '' and set or nil, cx = cx ~= '' and cx or nil }
end

local function lease_text(lease)
  return (lease.tok or '') .. '\t' .. (lease.w or '') .. '\t' .. lease.at .. '\t' .. lease.s .. '\t'
    .. (lease.set or '') .. '\t' .. (lease.cx or '')
end

local function lease_of(id)
  return read_lease(call('GET', P .. 'l:' .. id))
end

-- Leases that end in this script are summed up here and taken out at once by `flush_leases`.
local ended = { ids = {}, keys = {}, by_worker = {} }

local function unlease(id, lease)
  ended.ids[#ended.ids + 1] = id
  if lease.w then
    local mine = ended.by_worker[lease.w] or {}
    ended.by_worker[lease.w] = mine
    mine[#mine + 1] = id
  end
  if lease.cx then call('ZREM', P .. 'cz', id) end
end

local function flush_leases()
  if #ended.ids > 0 then call('ZREM', P .. 'lz', unpack(ended.ids)) end
  if #ended.keys > 0 then call('DEL', unpack(ended.keys)) end
  for worker, ids in pairs(ended.by_worker) do call('SREM', P .. 'h:' .. worker, unpack(ids)) end
  ended = { ids = {}, keys = {}, by_worker = {} }
end

-- What a step really cost corrects its tenant's next start tag. Summed up here, written once by `flush_debts`.
local debts = {}

local times = {} -- histogram of service times: bucket b counts those of 2^(b/2) ms and more

local function measure(h, lease)
  local bucket = math.floor(2 * math.log(math.max(1, now - lease.s)) / math.log(2))
  local field = h.type .. '\t' .. bucket
  times[field] = (times[field] or 0) + 1
end

local function settle(h, lease)
  if lease.set and lease.s > 0 then
    local key = lease.set .. '\t' .. h.tenant
    debts[key] = (debts[key] or 0) + (now - lease.s) - h.expected_ms
  end
end

local function flush_debts() -- after `flush_leases`, since both belong to ended leases
  for key, debt in pairs(debts) do
    local set, tenant = string.match(key, '^([^\t]*)\t(.*)$')
    if call('HEXISTS', P .. 'csd', set) == 1 then call('HINCRBYFLOAT', P .. 'b:' .. set, tenant, debt) end
  end
  debts = {}
  for field, number in pairs(times) do
    local kind, bucket = string.match(field, '^(.*)\t(%-?%d+)$')
    call('HINCRBY', P .. 'hi:' .. kind, bucket, number)
  end
  times = {}
end

-- Ends a step for ever. `data` is the JSON object of the event; `state` completed | failed | cancelled.
local function finish(id, h, lease, state, data)
  unlease(id, lease)
  local keys = ended.keys
  keys[#keys + 1], keys[#keys + 2], keys[#keys + 3] = P .. 's:' .. id, P .. 'l:' .. id, P .. 'p:' .. id
  call('SET', P .. 't:' .. id, table.concat({ state, lease.tok or '', h.digest, h.job, h.tenant, lease.at,
    h.max_attempts, h.queued_ms, lease.s, now, lease.w or '' }, '\t') .. '\n' .. data, 'EX', state == 'failed' and DEAD_LETTER_TTL or TOMBSTONE_TTL)
  if state == 'failed' then -- kept whole, so that an operator can have it run again
    call('RENAME', P .. 's:' .. id, P .. 'd:' .. id)
    call('EXPIRE', P .. 'd:' .. id, DEAD_LETTER_TTL)
    call('ZADD', P .. 'dd', now, id)
  end
  count(state, 1)
  append('step.' .. state, h.job, id, h.tenant, data)
end

local function leave_running(h)
  count('running', -1)
  count('r:' .. h.type, -1)
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

-- Puts a running step back. It keeps its score, so it waits behind nothing that is younger.
local function put_back(id, h, lease, delay_ms)
  unlease(id, lease)
  leave_running(h)
  call('SET', P .. 'l:' .. id, lease_text({ at = lease.at, s = 0 }))
  if delay_ms > 0 then
    count('delayed', 1)
    call('ZADD', P .. 'dl', now + delay_ms, id)
  else
    enter_queue(h, id)
  end
end

local function cancelled(id, h, lease)
  leave_running(h)
  finish(id, h, lease, 'cancelled', '{"reason":' .. json(lease.cx) .. '}')
end

-- The worker gives a step back through no fault of the step: it costs no attempt.
local function give_back(id, h, lease)
  if lease.cx then return cancelled(id, h, lease) end
  lease.at = lease.at - 1
  put_back(id, h, lease, 0)
end

-- Decides what a failed attempt becomes. `error` is JSON of a StepError.
local function fail(id, h, lease, error, retryable, delay_ms)
  settle(h, lease)
  if lease.cx then
    cancelled(id, h, lease)
  elseif retryable and lease.at < h.max_attempts then
    put_back(id, h, lease, delay_ms)
    append('step.retrying', h.job, id, h.tenant,
      event_data(lease, '"error":' .. error .. ',"retry_at_ms":' .. (now + delay_ms)))
  else
    leave_running(h)
    finish(id, h, lease, 'failed', event_data(lease, '"error":' .. error))
  end
end

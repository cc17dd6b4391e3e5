-- One turn of a worker: report what ended, keep leases alive, learn what changed, sweep a little, claim what is next.
-- KEYS  1 {s}:meta
-- ARGV  1 worker, 2 incarnation, 3 turn number, 4 lease ms, 5 want, 6 f finishes, 7 b beats (-1: not a beat turn),
--       8 models that the worker has loaded, separated by tabs; then for each finish: id, token,
--       outcome ok | fail | retry | cancelled | release, data (JSON), delay ms;  then for each beat: id, token
-- Gives { status, finish codes, cancelled ids, lost ids, claims, next due ms }
--       status  1 ok, 0 not registered, -1 superseded by a newer process of this worker
--       finish codes  1 taken, 0 refused because the token is stale
--       claims  id, token, attempt, record for each;  next due  ms until a delayed step is due, -1 if none is
-- A repeated turn is harmless: a finish whose token stands on the tombstone is answered 1, and a claim whose answer got
-- lost comes again with the same token in the next beat turn.
--#include head
--#include events
--#include queue
--#include claim
--#include leases
--#include sweep
--#include fleet
local worker, incarnation, turn, lease_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local want, f, b = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local registered = call('HMGET', P .. 'wk:' .. worker, 'inc', 'set')
if not registered[1] then return { 0, {}, {}, {}, {}, -1 } end
if registered[1] ~= incarnation then return { -1, {}, {}, {}, {}, -1 } end
local set, a, resident = registered[2], 8, nil
for model in string.gmatch(ARGV[8], '[^\t]+') do
  resident = resident or {}
  resident[model] = true
end
local codes, cancels, lost, claims = {}, {}, {}, {}

local function report(id, record, lease_text, token, outcome, data, delay_ms)
  local lease = read_lease(lease_text)
  if not record or lease.tok ~= token then
    local stone = call('GET', P .. 't:' .. id)
    return stone and string.match(stone, '^[^\t]*\t([^\t]*)\t') == token and 1 or 0
  end
  local h = header_of(record)
  if outcome == 'ok' then
    settle(h, lease)
    measure(h, lease)
    leave_running(h)
    finish(id, h, lease, 'completed', event_data(lease, '"service_ms":' .. (now - lease.s) .. ',"result":' .. data))
  elseif outcome == 'cancelled' then
    settle(h, lease)
    lease.cx = lease.cx or 'cancelled by the worker'
    cancelled(id, h, lease)
  elseif outcome == 'release' then
    give_back(id, h, lease)
  else
    fail(id, h, lease, data, outcome == 'retry', delay_ms)
  end
  return 1
end

if f > 0 then
  local keys = {}
  for i = 1, f do
    local id = ARGV[a + 5 * i - 4]
    keys[2 * i - 1], keys[2 * i] = P .. 's:' .. id, P .. 'l:' .. id
  end
  local found, told = call('MGET', unpack(keys)), {}
  for i = 1, f do
    local id, record, lease = ARGV[a + 1], found[2 * i - 1], found[2 * i]
    if told[id] then -- what was read before the first report of the step is out of date
      flush_leases()
      record, lease = unpack(call('MGET', P .. 's:' .. id, P .. 'l:' .. id))
    end
    told[id] = true
    codes[i] = report(id, record, lease, ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], tonumber(ARGV[a + 5]))
    a = a + 5
  end
  flush_leases()
end

local function deliver(id, token, attempt, record)
  local at = #claims
  claims[at + 1], claims[at + 2], claims[at + 3], claims[at + 4] = id, token, attempt, record
end

forgive_outage(lease_ms) -- before the beats, whose deadlines need no forgiving
if b >= 0 then
  call('ZADD', P .. 'wz', now, worker)
  call('ZADD', P .. 'sz', now, set)
  local mine = {}
  for _ = 1, b do
    local id, token = ARGV[a + 1], ARGV[a + 2]
    a = a + 2
    mine[id] = true
    local lease = lease_of(id)
    if lease.tok ~= token then
      lost[#lost + 1] = id
    else
      local h = header_of(call('GET', P .. 's:' .. id))
      -- A worker that beats but never finishes loses the step soon after its time limit.
      call('ZADD', P .. 'lz', 'XX', math.min(now + lease_ms, lease.s + h.timeout_ms + lease_ms), id)
      if lease.cx then cancels[#cancels + 1] = id end
    end
  end
  for _, id in ipairs(call('SMEMBERS', P .. 'h:' .. worker)) do
    if not mine[id] then
      local lease, record = lease_of(id), call('GET', P .. 's:' .. id)
      if record and lease.w == worker then
        deliver(id, lease.tok, lease.at, record)
        want = want - 1
      else
        call('SREM', P .. 'h:' .. worker, id)
      end
    end
  end
end

sweep(20)
flush_leases()
flush_debts()

local all_paused = call('SISMEMBER', P .. 'ps', '*') == 1
if all_paused then want = 0 end
local leases, deadlines, taken = {}, {}, {}
take(set, want, resident, function(id, h, record, lease)
  local i, attempt = #taken + 1, read_lease(lease).at + 1
  local token = incarnation .. '.' .. turn .. '.' .. i
  leases[2 * i - 1] = P .. 'l:' .. id
  leases[2 * i] = lease_text({ tok = token, w = worker, at = attempt, s = now, set = set })
  deadlines[2 * i - 1], deadlines[2 * i], taken[i] = now + lease_ms, id, id
  count('queued', -1)
  count('q:' .. h.type, -1)
  count('running', 1)
  count('r:' .. h.type, 1)
  append('step.started', h.job, id, h.tenant, event_data({ w = worker, at = attempt }))
  deliver(id, token, attempt, record)
end)
if #taken > 0 then
  call('MSET', unpack(leases))
  call('ZADD', P .. 'lz', unpack(deadlines))
  call('SADD', P .. 'h:' .. worker, unpack(taken))
end
if not all_paused and call('EXISTS', P .. 'r:' .. set) == 1 then wake(set) end

flush_counts()
if #taken > 0 or f > 0 then
  local held = call('SCARD', P .. 'h:' .. worker)
  if held == 0 then tell_worker(worker, 'idle') elseif held == #taken and f == 0 then tell_worker(worker, 'busy') end
end

local next_due = call('ZRANGE', P .. 'dl', 0, 0, 'WITHSCORES')[2]
return { 1, codes, cancels, lost, claims, next_due and math.max(0, next_due - now) or -1 }

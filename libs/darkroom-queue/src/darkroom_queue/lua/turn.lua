-- One turn of a worker: report finishes, extend leases, receive cancellations and lost leases, sweep, claim steps.
-- KEYS  1 {s}:meta
-- ARGV  1 worker, 2 incarnation, 3 turn number, 4 lease ms, 5 want, 6 f finishes, 7 b heartbeats (-1: no heartbeat),
--       8 models that the worker has loaded, separated by tabs; then for each finish: id, token,
--       outcome ok | fail | retry | elsewhere | larger | cancelled | release, data (JSON), delay ms;  then for each
--       heartbeat: id, token.  elsewhere, larger: a retry that avoids this worker (parts/avoid.lua)
-- Returns { status, finish codes, cancelled ids, lost ids, token of new claims, claims, next due ms }
--       status  1 ok, 0 not registered, -1 superseded by a newer process of this worker
--       finish codes  1 accepted, 0 refused because the token is stale
--       claims  id, token ('' for new claims), attempt, record for each;  next due  ms until a delayed step is due,
--       -1 if no step is delayed
-- Turns may be repeated: a finish with the token of the tombstone is accepted again, and a claim with a lost reply is
-- delivered again, with the same token, in the next turn with a heartbeat.
--#include head
--#include events
--#include queue
--#include avoid
--#include claim
--#include leases
--#include sweep
--#include fleet
local worker, incarnation, turn, lease_ms = ARGV[1], ARGV[2], ARGV[3], number_at(4)
local want, f, b = number_at(5), number_at(6), number_at(7)
expect_arguments(8 + 5 * f + 2 * math.max(0, b))
for i = 1, f do number_at(8 + 5 * i) end
local registered = call('HMGET', P .. 'wk:' .. worker, 'inc', 'set')
if not registered[1] then return { 0, {}, {}, {}, '', {}, -1 } end
if registered[1] ~= incarnation then return { -1, {}, {}, {}, '', {}, -1 } end
local set, a, resident = registered[2], 8, nil
for model in string.gmatch(ARGV[8], '[^\t]+') do
  resident = resident or {}
  resident[model] = true
end
local codes, cancels, lost, claims = {}, {}, {}, {}

-- Patterns of a lease. COMPLETED: token, worker, attempt, started, set, expected ms, type, job, tenant. HEARTBEAT: token,
-- started, timeout ms, cancel reason. ON_STONE: the token in a tombstone.
local HEARTBEAT = '^' .. FIELD .. SKIP .. SKIP .. FIELD .. SKIP .. SKIP .. FIELD .. '[^\n]*\n?(.*)$'
local ON_STONE = '^' .. SKIP .. SKIP .. FIELD
local COMPLETED = '^' .. string.rep(FIELD, 6) .. SKIP .. SKIP .. FIELD .. FIELD .. FIELD .. SKIP .. '%C*$'

local function report_other(id, line, token, outcome, data, delay_ms)
  if not line or match(line, '^%C*') ~= token then
    local stone = call('GET', P .. 't:' .. id)
    return stone and match(stone, ON_STONE) == token and 1 or 0
  end
  local h, lease = header_of(call('HGET', STEPS, id)), read_lease(line)
  if outcome == 'ok' then -- even if a cancellation was requested: it was too late
    settle_lease(h, lease)
    measure(h.type, now - lease.s)
    leave_running(h.type)
    finish(id, h, lease, 'completed', event_data(lease, '"service_ms":' .. (now - lease.s) .. ',"result":' .. data))
  elseif outcome == 'cancelled' then
    settle_lease(h, lease)
    lease.cx = lease.cx or 'cancelled by the worker'
    cancelled(id, h, lease)
  elseif outcome == 'release' then
    give_back(id, h, lease)
  else
    local where = (outcome == 'elsewhere' or outcome == 'larger') and outcome or nil
    fail(id, h, lease, data, outcome == 'retry' or where, delay_ms, where)
  end
  return 1
end

local heads = {} -- cached beginnings of the data of step.completed, by attempt and start

local function report(id, line, token, outcome, data, delay_ms)
  local held, holder, attempt, started, of_set, expected_ms, kind, job, tenant = match(line or '', COMPLETED)
  if held ~= token or outcome ~= 'ok' then return report_other(id, line, token, outcome, data, delay_ms) end
  local service_ms = now - tonumber(started)
  settle(of_set, tenant, service_ms, tonumber(expected_ms))
  measure(kind, service_ms)
  leave_running(kind)
  unlease(id, holder)
  local variant = attempt .. '\t' .. started
  local head = heads[variant]
  if not head then
    head = '{"worker_id":"' .. holder .. '","attempt":' .. attempt .. ',"service_ms":' .. service_ms .. ',"result":'
    heads[variant] = head
  end
  bury(id, line, job, tenant, 'completed', head .. data .. '}')
  return 1
end

if f > 0 then
  local ids = {}
  for i = 1, f do ids[i] = ARGV[a + 5 * i - 4] end
  local lines, reported = call('HMGET', LEASES, unpack(ids)), {}
  for i = 1, f do
    local id, line = ids[i], lines[i]
    if reported[id] then -- the first report of the step has changed the lease
      flush_leases()
      line = call('HGET', LEASES, id)
    end
    reported[id] = true
    codes[i] = report(id, line, ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], tonumber(ARGV[a + 5]))
    a = a + 5
  end
  flush_leases()
end

local function deliver(id, token, attempt, record)
  local at = #claims
  claims[at + 1], claims[at + 2], claims[at + 3], claims[at + 4] = id, token, attempt, record
end

forgive_outage(lease_ms) -- before the heartbeats, which set new deadlines
if b >= 0 then
  call('ZADD', P .. 'wz', now_text, worker)
  call('ZADD', P .. 'sz', now_text, set)
  local mine, ids, deadlines = {}, {}, {}
  for i = 1, b do ids[i] = ARGV[a + 2 * i - 1] end
  local lines = b > 0 and call('HMGET', LEASES, unpack(ids)) or {}
  for i = 1, b do
    local id, line = ids[i], lines[i]
    mine[id] = true
    local held, started, timeout, cx = match(line or '', HEARTBEAT)
    if held ~= ARGV[a + 2 * i] then
      lost[#lost + 1] = id
    else
      -- A worker that sends heartbeats but never finishes loses the step one lease after its timeout.
      deadlines[#deadlines + 1] = math.min(now + lease_ms, started + timeout + lease_ms)
      deadlines[#deadlines + 1] = id
      if cx ~= '' then cancels[#cancels + 1] = id end
    end
  end
  if #deadlines > 0 then call('ZADD', P .. 'lz', 'XX', unpack(deadlines)) end
  for _, id in ipairs(call('SMEMBERS', P .. 'h:' .. worker)) do
    if not mine[id] then
      local lease, record = lease_of(id), call('HGET', STEPS, id)
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
-- The token is unique among the claims of a step, because a turn claims a step at most once.
local token, deadline = incarnation .. '.' .. turn, string.format('%d', now + lease_ms)
local lines, deadlines, taken, started = {}, {}, {}, {}
local before, after = token .. '\t' .. worker .. '\t', '\t' .. now_text .. '\t' .. set .. '\t'
local first, start_data = before .. '1' .. after, event_data({ w = worker, at = 1 })
local others_only = take(worker, set, want, resident, function(id, record, line, tail, kind, job, tenant)
  local i, attempt = 2 * #taken + 1, 1
  lines[i], deadlines[i], deadlines[i + 1] = id, deadline, id
  taken[#taken + 1] = id
  started[kind] = (started[kind] or 0) + 1
  if line then -- it was claimed before
    attempt = read_lease(line).at + 1
    lines[i + 1] = before .. attempt .. after .. tail
    append('step.started', job, id, tenant, event_data({ w = worker, at = attempt }))
  else
    lines[i + 1] = first .. tail
    append('step.started', job, id, tenant, start_data)
  end
  deliver(id, '', attempt, record)
end)
if #taken > 0 then
  call('HSET', LEASES, unpack(lines))
  call('ZADD', P .. 'lz', unpack(deadlines))
  call('SADD', P .. 'h:' .. worker, unpack(taken))
  count('queued', -#taken)
  count('running', #taken)
  for kind, number in pairs(started) do
    count('q:' .. kind, -number)
    count('r:' .. kind, number)
  end
end
-- A token would come back at once to this worker, which has room; the others also claim with their heartbeats.
if not all_paused and not others_only and call('EXISTS', P .. 'r:' .. set) == 1 then wake(set) end

flush_events()
flush_counts()
if #taken > 0 or f > 0 then
  local held = call('SCARD', P .. 'h:' .. worker)
  if held == 0 then publish_worker_status(worker, 'idle') elseif held == #taken and f == 0 then publish_worker_status(worker, 'busy') end
end

local next_due = call('ZRANGE', P .. 'dl', 0, 0, 'WITHSCORES')[2]
return { 1, codes, cancels, lost, token, claims, next_due and math.max(0, next_due - now) or -1 }

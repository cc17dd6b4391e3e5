-- Submits steps. Each is queued or delayed, with an event, or refused with a reason.
-- KEYS  1 {s}:meta
-- ARGV  1 maximum queue depth (0 = no limit), 2 n, then 12 for each step: id, requirements (canonical JSON), tenant,
--       type, job, score, not before ms, not after ms, digest, the record's text between class and time, and after it,
--       and, if its job has several steps, their number and the number of complete ones
-- Returns { now, code… }: 1 accepted, 0 exists with the same body, -1 exists with another body, -2 too late,
--       -3 queue full, -4 the limit of all tenants' classes is reached, -5 the tenant's own is, -6 a number is invalid
--#include head
--#include events
--#include queue
--#include fit
--#include classes
local FIELDS = 12
local NO_ROOM_TTL, PLAN_TTL = 900, 172800 -- seconds; a step without room is submitted again sooner
local DIGEST_ON_STONE = '^' .. string.rep(SKIP, 13) .. FIELD
local max_depth, n = number_at(1), number_at(2)
expect_arguments(2 + n * FIELDS)
local answer, find = { now }, string.find

-- Returns for each submitted id the digest of its record or tombstone, or false. Reads all of them at once.
local function digests(first)
  local ids, graves, found = {}, {}, {}
  for i = 0, n - 1 do
    ids[i + 1] = ARGV[first + i * FIELDS]
    graves[i + 1] = P .. 't:' .. ids[i + 1]
  end
  local records, stones = call('HMGET', STEPS, unpack(ids)), call('MGET', unpack(graves))
  for i = 1, n do
    found[i] = records[i] and header_of(records[i]).digest or stones[i] and match(stones[i], DIGEST_ON_STONE)
  end
  return found
end

-- Stores the numbers of steps and of complete steps of a job, for its progress (parts/job_progress.lua).
local function note_plan(id, plan)
  local steps, done = match(plan, '^(%d+)\t(%d+)$')
  local run = P .. 'jp:' .. (match(id, '^(.*):%d+$') or id)
  call('HSET', run, 'n', steps or 1, 'd', done or 0)
  call('EXPIRE', run, PLAN_TTL)
end

-- The priority after the digest may have changed since, and an earlier release stored none; the digest covers the first.
local function is_same(kept, digest)
  return match(kept, '^%x+') == match(digest, '^%x+')
end

-- Returns whether the text is a valid Unix time in ms.
local function is_time(text)
  return #text <= 15 and find(text, '^%d+$')
end

local depth = max_depth > 0 and tonumber(call('HGET', P .. 'n', 'queued') or '0') or 0
local there, accepted, mine, records, queues, by_type = digests(3), 0, {}, {}, {}, {}

local function plan(class, tenant, score, id)
  local name = class .. '\t' .. tenant
  local queue, number = queues[name], tonumber(score)
  if not queue then
    queue = { class = class, tenant = tenant, best = number, scored = {} }
    queues[name] = queue
  end
  if number < queue.best then queue.best = number end
  local scored = queue.scored
  scored[#scored + 1], scored[#scored + 2] = score, id
end

for i = 0, n - 1 do
  local a = 2 + i * FIELDS
  local id, kind, job = ARGV[a + 1], ARGV[a + 4], ARGV[a + 5]
  local score, not_before, not_after = ARGV[a + 6], ARGV[a + 7], ARGV[a + 8]
  local taken = mine[id] or there[i + 1]
  local code = taken and (is_same(taken, ARGV[a + 9]) and 0 or -1)
  if #score > 18 or not find(score, '^-?%d+$') or not_before ~= '' and not is_time(not_before)
    or not_after ~= '' and not is_time(not_after) then code = code or -6 end
  if not code and not_after ~= '' and now > tonumber(not_after) then code = -2 end
  if not code and max_depth > 0 and depth + accepted >= max_depth then code = -3 end
  local class, used = nil, nil
  if not code then class, used = class_of(ARGV[a + 2], ARGV[a + 3]) end -- last: a refused step must not create a class
  if class then
    local r = #records
    records[r + 1], records[r + 2] = id, class .. ARGV[a + 10] .. now_text .. ARGV[a + 11]
    if not_before ~= '' and tonumber(not_before) > now then
      call('ZADD', P .. 'dl', not_before, id)
      count('delayed', 1)
    else
      plan(class, ARGV[a + 3], score, id)
      accepted = accepted + 1
      by_type[kind] = (by_type[kind] or 0) + 1
    end
    if ARGV[a + 12] ~= '' then note_plan(id, ARGV[a + 12]) end
    mine[id] = ARGV[a + 9]
    append('step.queued', job, id, ARGV[a + 3], '{"job_type":"' .. kind .. '"}')
    code = 1
  elseif used == UNREADABLE then
    code = -6
  elseif used then
    call('SETEX', P .. 'nr:' .. id, NO_ROOM_TTL, used) -- for `why`
    code = used == OWN_SHARE and -5 or -4
  end
  answer[i + 2] = code
end
if #records > 0 then call('HSET', STEPS, unpack(records)) end
for _, queue in pairs(queues) do enqueue_all(queue.class, queue.tenant, queue.best, queue.scored) end
count('queued', accepted)
for kind, number in pairs(by_type) do count('q:' .. kind, number) end
flush_events()
flush_counts()
return answer

-- Accepts steps: each is queued or delayed, with its event, or answered with the reason why not.
-- KEYS  1 {s}:meta
-- ARGV  1 greatest queue depth (0 = no limit), 2 n, then 15 for each step: id, requirements (canonical JSON), tenant,
--       type, job, score, max attempts, timeout ms, weight, expected ms, redelivery, not before ms, not after ms,
--       digest, trace;  then n bodies
-- Gives { now, code… }: 1 accepted, 0 already there with the same body, -1 there with another, -2 too late,
--       -3 queue full, -4 too many classes
--#include head
--#include events
--#include order
--#include fit
local MAX_CLASSES, FIELDS = 4096, 15
local max_depth, n = tonumber(ARGV[1]), tonumber(ARGV[2])
local answer, classes = { now }, {}

local function class_of(requirements)
  local class = classes[requirements] or call('HGET', P .. 'cls', requirements)
  if not class then
    local number = call('HLEN', P .. 'cls') + 1
    if number > MAX_CLASSES then return nil end
    class = tostring(number)
    call('HSET', P .. 'cls', requirements, class)
    call('HSET', P .. 'cld', class, requirements)
    local need, sets = cjson.decode(requirements), call('HGETALL', P .. 'csd')
    for i = 1, #sets, 2 do
      if fits(need, cjson.decode(sets[i + 1])) then join(sets[i], class) end
    end
  end
  classes[requirements] = class
  return class
end

-- Which of the submitted ids are taken, asked for all at once: digests of records and tombstones, or false.
local function digests(first)
  local keys, found = {}, {}
  for i = 0, n - 1 do
    keys[2 * i + 1], keys[2 * i + 2] = P .. 's:' .. ARGV[first + i * FIELDS], P .. 't:' .. ARGV[first + i * FIELDS]
  end
  local there = call('MGET', unpack(keys))
  for i = 1, n do
    local record, stone = there[2 * i - 1], there[2 * i]
    found[i] = record and header_of(record).digest or stone and string.match(stone, '^[^\t]*\t[^\t]*\t([^\t]*)\t')
  end
  return found
end

local depth = max_depth > 0 and tonumber(call('HGET', P .. 'n', 'queued') or '0') or 0
local accepted, there, mine = 0, digests(3), {}
for i = 0, n - 1 do
  local a = 2 + i * FIELDS
  local id, kind, job, not_before, not_after = ARGV[a + 1], ARGV[a + 4], ARGV[a + 5], ARGV[a + 12], ARGV[a + 13]
  local taken = mine[id] or there[i + 1]
  local code = taken and (taken == ARGV[a + 14] and 0 or -1)
  local class = not code and class_of(ARGV[a + 2])
  if code then
    answer[i + 2] = code
  elseif not_after ~= '' and now > tonumber(not_after) then
    answer[i + 2] = -2
  elseif max_depth > 0 and depth + accepted >= max_depth then
    answer[i + 2] = -3
  elseif not class then
    answer[i + 2] = -4
  else
    local h = { class = class, tenant = ARGV[a + 3], score = ARGV[a + 6] }
    call('SET', P .. 's:' .. id, table.concat({ class, h.tenant, kind, job, h.score, ARGV[a + 7], ARGV[a + 8],
      ARGV[a + 9], ARGV[a + 10], ARGV[a + 11], now, ARGV[a + 14], ARGV[a + 15] }, '\t') .. '\n'
      .. ARGV[2 + n * FIELDS + i + 1])
    if not_before ~= '' and tonumber(not_before) > now then
      call('ZADD', P .. 'dl', not_before, id)
      count('delayed', 1)
    else
      enqueue(h, id)
      accepted = accepted + 1
      count('queued', 1)
      count('q:' .. kind, 1)
    end
    mine[id] = ARGV[a + 14]
    append('step.queued', job, id, h.tenant, '{"job_type":' .. json(kind) .. '}')
    answer[i + 2] = 1
  end
end
flush_counts()
return answer

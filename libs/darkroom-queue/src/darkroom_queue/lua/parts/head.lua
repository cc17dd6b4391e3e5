-- Shared beginning of every script. KEYS[1] = {s}:meta; all computed keys have the shard's hash tag.
local call, match = redis.call, string.match
local P = string.sub(KEYS[1], 1, -5)
local STEPS, LEASES, PROGRESS = P .. 's', P .. 'l', P .. 'p' -- hashes step → record, lease, percent
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) -- Unix milliseconds
local now_text = string.format('%d', now) -- for hot paths: number formatting is slow in Lua
local json = cjson.encode

-- Reads an argument that must be a number. Scripts read all arguments before their first write, because a script that
-- fails is not rolled back.
local function number_at(i)
  local number = tonumber(ARGV[i])
  if number and number > -1e15 and number < 1e15 then return number end
  error('argument ' .. i .. ' must be a number, not ' .. string.sub(ARGV[i] or 'nothing', 1, 50))
end

local function expect_arguments(number)
  if #ARGV ~= number then error('there must be ' .. number .. ' arguments, not ' .. #ARGV) end
end

-- Counters are accumulated here and written once by `flush_counts`, which every script that counts must call last.
local counts = {}

local function count(field, by)
  counts[field] = (counts[field] or 0) + by
end

local function flush_counts()
  for field, by in pairs(counts) do
    if by ~= 0 then call('HINCRBY', P .. 'n', field, by) end
  end
end

-- A step's immutable record: one header line, then the requirements and the payload, which only workers read.
--   header  class, weight, score, redelivery, trace (its id, or the traceparent of a traced step), then the tail, which
--           lease and tombstone repeat
--   tail    expected ms, timeout ms, maximum attempts, type, job, tenant, digest and priority (joined by a dot),
--           queued ms
local FIELD, SKIP = '(%C*)\t', '%C*\t' -- no field contains a control character
local TAIL = '(' .. string.rep(FIELD, 7) .. '(%C*))'
local HEADER = '^' .. string.rep(FIELD, 5) .. TAIL .. '\n'

local function header_of(record)
  local class, weight, score, redelivery, _, tail, expected, timeout, tries, kind, job, tenant, digest, queued =
    match(record, HEADER)
  return {
    class = class, weight = tonumber(weight), score = score, redelivery = redelivery, tail = tail,
    expected_ms = tonumber(expected), timeout_ms = tonumber(timeout), max_attempts = tonumber(tries), type = kind,
    job = job, tenant = tenant, digest = digest, queued_ms = queued,
  }
end

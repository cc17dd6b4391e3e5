-- Shared beginning of every script. KEYS[1] = {s}:meta; all computed keys stay inside the shard's hash tag.
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) -- Unix milliseconds
local json = cjson.encode

-- Counters are summed up here and written once by `flush_counts`, which every script that counts calls last.
local counts = {}

local function count(field, by)
  counts[field] = (counts[field] or 0) + by
end

local function flush_counts()
  for field, by in pairs(counts) do
    if by ~= 0 then call('HINCRBY', P .. 'n', field, by) end
  end
end

-- A step's immutable record: one header line, then the body that only workers read. See record.py for the fields.
local HEADER = '^' .. string.rep('([^\t\n]*)\t', 12) .. '([^\t\n]*)\n'

local function header_of(record)
  local class, tenant, kind, job, score, tries, timeout, weight, expected, redelivery, queued, digest, trace =
    string.match(record, HEADER)
  return {
    class = class, tenant = tenant, type = kind, job = job, score = score, max_attempts = tonumber(tries),
    timeout_ms = tonumber(timeout), weight = tonumber(weight), expected_ms = tonumber(expected),
    redelivery = redelivery, queued_ms = queued, digest = digest, trace = trace,
  }
end

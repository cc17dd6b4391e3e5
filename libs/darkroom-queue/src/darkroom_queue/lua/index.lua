-- Adds events to the index of jobs and to the series, each once: the position in the log is stored with them.
-- KEYS  1 {s}:meta
-- ARGV  1 process, 2 for how long it stays the writer (ms), 3 position before the events, 4 position after them,
--       5 n, then 4 for each event: what happened, step, type of the job (or empty), time (ms).
--       `is_queued` and `is_running` stand for jobs that are found in the queue.
-- Returns { 1, position }; { 0, position } if another process is the writer; { -1, position } if the stored position
--       is another one, and nothing was added
-- The series: sr:<bucket> is a hash of counts of ten seconds; waiting and busy are written by the first call in each.
--#include head
--#include job_rows
local FIELDS, BUCKET_MS, SERIES_MS, SERIES_TTL = 4, 10000, 3600000, 3900
local KEEP_ENDED_MS, MAX_ENDED, DROP_AT_ONCE, MAX_WORKERS = 86400000, 50000, 1000, 5000
local STATE = {
  queued = 'queued', retrying = 'queued', released = 'queued', started = 'running', completed = 'completed',
  failed = 'failed', cancelled = 'cancelled', is_queued = 'queued', is_running = 'running',
}
local COUNTED = { queued = 'submitted', started = 'started', completed = 'completed', failed = 'failed',
  cancelled = 'cancelled' }
local FOUND = { is_queued = true, is_running = true }
local IS_END = { completed = true, failed = true, cancelled = true }
local process, stays_ms, before, after, n = ARGV[1], number_at(2), ARGV[3], ARGV[4], number_at(5)
expect_arguments(5 + n * FIELDS)
for i = 1, n do number_at(5 + i * FIELDS) end

local writer = call('HMGET', P .. 'jm', 'by', 'until', 'at')
local stored = writer[3] or ''
if writer[1] and writer[1] ~= process and tonumber(writer[2] or '0') > now then return { 0, stored } end
call('HSET', P .. 'jm', 'by', process, 'until', string.format('%d', now + stays_ms))
if stored ~= before then return { -1, stored } end

local ids, known, series = {}, {}, {}
for i = 0, n - 1 do ids[i + 1] = ARGV[5 + i * FIELDS + 2] end
local texts = n > 0 and call('HMGET', ROWS, unpack(ids)) or {}
for i, id in ipairs(ids) do
  if not known[id] then known[id] = { old = texts[i] and read_row(texts[i]) } end
end

local bucket, counted, bucket_end = nil, nil, 0

local function count_at(at, field)
  if at <= now - SERIES_MS then return end
  if at >= bucket_end or at < bucket_end - BUCKET_MS then
    local number = math.floor(at / BUCKET_MS)
    bucket, bucket_end = string.format('%d', number), (number + 1) * BUCKET_MS
    counted = series[bucket] or {}
    series[bucket] = counted
  end
  counted[field] = (counted[field] or 0) + 1
end

-- Steps whose submission is unknown are counted, but not listed. A repeated submission, of a dead letter, counts again.
for i = 0, n - 1 do
  local a = 5 + i * FIELDS
  local what, job = ARGV[a + 1], known[ARGV[a + 2]]
  local state, row = STATE[what], job.new or job.old
  if what == 'queued' or FOUND[what] and not row then
    job.new = { state = state, at = ARGV[a + 4], kind = ARGV[a + 3] }
  elseif state and row and not FOUND[what] then
    job.new = { state = state, at = row.at, kind = row.kind }
  end
  job.ended = IS_END[what] and ARGV[a + 4] or nil
  if COUNTED[what] then
    local at = tonumber(ARGV[a + 4])
    count_at(at, COUNTED[what])
    if what == 'completed' and job.new then count_at(at, 'c:' .. job.new.kind) end
  end
end

local rows, added, removed, ends, open = {}, {}, {}, {}, {}
for id, job in pairs(known) do
  local row, old = job.new, job.old
  if row then
    local name = row.state .. ':' .. row.kind
    local list = added[name] or {}
    added[name] = list
    list[#list + 1] = row.at
    list[#list + 1] = id
    if old and old.name ~= name then
      local gone = removed[old.name] or {}
      removed[old.name] = gone
      gone[#gone + 1] = id
    end
    rows[#rows + 1] = id
    rows[#rows + 1] = row.state .. '\t' .. row.at .. '\t' .. row.kind
    if job.ended then
      ends[#ends + 1] = job.ended
      ends[#ends + 1] = id
    elseif old and IS_END[old.state] then
      open[#open + 1] = id
    end
  end
end
if #rows > 0 then call('HSET', ROWS, unpack(rows)) end
for name, list in pairs(removed) do
  call('ZREM', P .. 'jx:' .. name, unpack(list))
  if call('EXISTS', P .. 'jx:' .. name) == 0 then call('SREM', NAMES, name) end
end
for name, list in pairs(added) do
  call('ZADD', P .. 'jx:' .. name, unpack(list))
  call('SADD', NAMES, name)
end
if #ends > 0 then call('ZADD', ENDED, unpack(ends)) end
if #open > 0 then call('ZREM', ENDED, unpack(open)) end

local old = call('ZRANGE', ENDED, '-inf', now - KEEP_ENDED_MS, 'BYSCORE', 'LIMIT', 0, DROP_AT_ONCE)
local surplus = call('ZCARD', ENDED) - MAX_ENDED
if #old == 0 and surplus > 0 then old = call('ZRANGE', ENDED, 0, math.min(surplus, DROP_AT_ONCE) - 1) end
local dropped = {}
for _, id in ipairs(old) do
  local text = call('HGET', ROWS, id)
  local row = text and read_row(text)
  if row then dropped[id] = row else call('ZREM', ENDED, id) end
end
drop_rows(dropped)

for bucket, counted in pairs(series) do
  for field, by in pairs(counted) do call('HINCRBY', P .. 'sr:' .. bucket, field, by) end
  call('EXPIRE', P .. 'sr:' .. bucket, SERIES_TTL)
end
local current = P .. 'sr:' .. string.format('%d', math.floor(now / BUCKET_MS))
if call('HEXISTS', current, 'waiting') == 0 then
  local busy, totals = 0, call('HMGET', P .. 'n', 'queued', 'delayed')
  for _, worker in ipairs(call('ZRANGE', P .. 'wz', 0, MAX_WORKERS - 1)) do
    busy = busy + call('EXISTS', P .. 'h:' .. worker)
  end
  call('HSET', current, 'waiting', (totals[1] or 0) + (totals[2] or 0), 'busy', busy)
  call('EXPIRE', current, SERIES_TTL)
end
call('HSET', P .. 'jm', 'at', after)
return { 1, after }

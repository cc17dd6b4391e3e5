-- The event log: one stream per shard, and a bounded list per job for replay.
-- An event's id is `<ms>-<seq>`, greater than all earlier ids; ms never decreases. All events of a script form one
-- entry of the stream, with the id of its last event. Field `p` is the id of the event before its first one, by which a
-- reader detects that it missed trimmed events. The fields `e` are the events.
local STREAM_MAX = 200000 -- entries, for the case that no sweeper runs; a sweeper trims by age, readers and bytes
local ENTRY_MAX = 500 -- events
local LIST_MAX = 512
local TTL_OPEN, TTL_STEP_END, TTL_JOB_END = 172800, 3600, 600 -- seconds
local LIST_TTL = {
  ['step.started'] = 0, ['step.retrying'] = 0, ['step.released'] = 0, -- set at the end of the step
  ['step.completed'] = TTL_STEP_END, ['step.failed'] = TTL_STEP_END, ['step.cancelled'] = TTL_STEP_END,
  ['job.completed'] = TTL_JOB_END, ['job.failed'] = TTL_JOB_END, ['job.cancelled'] = TTL_JOB_END,
}
local log = { lines = {}, seq = 0 }

-- Reads the position of the last event. Without an epoch the data is lost, and a new epoch begins, so readers notice.
local function open_log()
  local known = call('HMGET', KEYS[1], 'epoch', 'last')
  log.epoch, log.before = known[1], known[2] or '0-0'
  if not log.epoch then
    log.epoch = now_text
    call('HSET', KEYS[1], 'epoch', log.epoch)
  end
  local ms, seq = match(log.before, '^(%d+)-(%d+)$')
  if now > tonumber(ms) then
    log.stamp = now_text .. '-'
  else
    log.stamp, log.seq = ms .. '-', tonumber(seq)
  end
end

local function flush_events()
  if #log.lines == 0 then return end
  local last = log.stamp .. log.seq
  call('XADD', P .. 'ev', 'MAXLEN', '~', STREAM_MAX, last, 'p', log.before, unpack(log.lines))
  call('HSET', KEYS[1], 'last', last)
  log.lines, log.before = {}, last
end

-- Appends one event and returns its id; `data` is JSON. `flush_events`, which every script that appends must call,
-- writes it to the stream. step.queued is not added to the job's list, to save memory for queued steps.
local function append(kind, job, step, tenant, data)
  if not log.epoch then open_log() end
  log.seq = log.seq + 1
  local id = log.stamp .. log.seq
  local line = id .. '\t' .. log.epoch .. '\t' .. kind .. '\t' .. job .. '\t' .. step .. '\t' .. tenant .. '\t' .. data
  local lines = log.lines
  local n = #lines
  lines[n + 1], lines[n + 2] = 'e', line
  if n >= 2 * ENTRY_MAX - 2 then flush_events() end
  if kind ~= 'step.queued' and job ~= '' then
    local list = P .. 'e:' .. job
    if call('RPUSH', list, line) > LIST_MAX then call('LPOP', list) end
    local ttl = LIST_TTL[kind] or TTL_OPEN
    if ttl > 0 then call('EXPIRE', list, ttl) end
  end
  return id
end

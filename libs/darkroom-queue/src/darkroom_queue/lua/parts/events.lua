-- The event log: one global stream, and a bounded list per job for replay.
local STREAM_MAX = 200000 -- entries; the sweeper also trims by age
local LIST_MAX = 512
local TTL_OPEN, TTL_STEP_END, TTL_JOB_END = 172800, 3600, 600 -- seconds
local LIST_TTL = {
  ['step.started'] = 0, ['step.retrying'] = 0, -- the end of the step sets it
  ['step.completed'] = TTL_STEP_END, ['step.failed'] = TTL_STEP_END, ['step.cancelled'] = TTL_STEP_END,
  ['job.completed'] = TTL_JOB_END, ['job.failed'] = TTL_JOB_END, ['job.cancelled'] = TTL_JOB_END,
}
local epoch = call('HGET', KEYS[1], 'epoch') or '1'

-- Appends one event; `data` is JSON. step.queued stays out of the job's list: a queued step must stay small.
local function append(kind, job, step, tenant, data)
  local line = epoch .. '\t' .. kind .. '\t' .. job .. '\t' .. step .. '\t' .. tenant .. '\t' .. data
  local id = call('XADD', P .. 'ev', 'MAXLEN', '~', STREAM_MAX, '*', 'e', line)
  if kind ~= 'step.queued' and job ~= '' then
    local list = P .. 'e:' .. job
    if call('RPUSH', list, id .. '\t' .. line) > LIST_MAX then call('LPOP', list) end
    local ttl = LIST_TTL[kind] or TTL_OPEN
    if ttl > 0 then call('EXPIRE', list, ttl) end
  end
  return id
end

-- The event log: one global stream, and a bounded list per job for replay.
local STREAM_MAX = 200000 -- entries; the sweeper also trims by age
local LIST_MAX = 512
local TTL_OPEN, TTL_STEP_END, TTL_JOB_END = 172800, 3600, 600 -- seconds
local epoch = call('HGET', KEYS[1], 'epoch') or '1'

local function ttl_of(kind)
  if kind == 'job.completed' or kind == 'job.failed' or kind == 'job.cancelled' then return TTL_JOB_END end
  if kind == 'step.completed' or kind == 'step.failed' or kind == 'step.cancelled' then return TTL_STEP_END end
  return TTL_OPEN
end

-- Appends one event; `data` is JSON. step.queued stays out of the job's list: a queued step must stay small.
local function append(kind, job, step, tenant, data)
  local id = call('XADD', P .. 'ev', 'MAXLEN', '~', STREAM_MAX, '*',
    'k', kind, 'j', job, 's', step, 'n', tenant, 'e', epoch, 'd', data)
  if kind ~= 'step.queued' and job ~= '' then
    local list = P .. 'e:' .. job
    local length = call('RPUSH', list, table.concat({ epoch, id, kind, step, tenant, data }, '\t'))
    if length > LIST_MAX then call('LPOP', list) end
    call('EXPIRE', list, ttl_of(kind))
  end
  return id
end

-- Queues a step again, from its record. Needs parts/classes.lua.
-- Returns nil, or the reason if its class was deleted meanwhile and a new one cannot be created.
local function queue_again(id, record, h)
  local class, used = class_of(match(record, '\n([^\n]*)'), h.tenant)
  if not class then return used end
  h.class = class
  call('HSET', STEPS, id, class .. string.sub(record, (string.find(record, '\t'))))
  count('queued', 1)
  count('q:' .. h.type, 1)
  enqueue(h, id)
  append('step.queued', h.job, id, h.tenant, '{"job_type":"' .. h.type .. '"}')
  return nil
end

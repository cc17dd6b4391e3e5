-- Progress of jobs with several steps. Submissions store the plan. A job of one step has no plan.
--   jp:<job>:<run>  hash: n  steps of the run, d  steps complete when the latest one was submitted,
--                   m  maximum percentage published, and number of a step → its percentage
local PLAN_TTL = 172800 -- seconds since the last submission or progress

-- The id of a step is `<job>:<run>:<number>`.
local function split(id)
  return match(id, '^(.*):(%d+)$')
end

-- Returns the percentage of the job when its step `id` has `percent`: the mean over all its steps, which never
-- decreases. A step that has reported progress and has no record any more has ended.
local function percent_of_job(id, percent)
  local run, number = split(id)
  local key = P .. 'jp:' .. (run or id)
  local known = call('HGETALL', key)
  local plan, running, ended = {}, percent, 0
  for i = 1, #known, 2 do
    local field, value = known[i], tonumber(known[i + 1])
    if not match(field, '^%d+$') then
      plan[field] = value
    elseif field ~= number then
      if call('HEXISTS', STEPS, run .. ':' .. field) == 1 then running = running + value else ended = ended + 1 end
    end
  end
  if not plan.n or not number then return percent end
  local of_job = math.min(100, (math.max(plan.d, ended) * 100 + running) / plan.n)
  of_job = math.max(of_job, plan.m or 0)
  call('HSET', key, number, percent, 'm', of_job)
  call('EXPIRE', key, PLAN_TTL)
  return of_job
end

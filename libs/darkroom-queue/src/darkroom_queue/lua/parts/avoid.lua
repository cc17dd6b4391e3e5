-- Steps that avoid a worker, because an attempt failed there for a reason that may lie in its device.
--   av  hash step → worker, GPU memory in GB that a worker must exceed (-1: any), until ms
-- While it lasts, a claim by that worker passes over the step if another live worker fits it. If the attempt ran out of
-- memory and a live worker with more GPU memory fits it, only such workers get the step.
local AVOID_MS, MAX_SET_ASIDE = 120000, 50
local live_workers, memory = nil, {}

-- Returns each live worker's capability set; read once a call.
local function sets_of_live_workers()
  if not live_workers then
    live_workers = {}
    for _, worker in ipairs(call('ZRANGE', P .. 'wz', 0, -1)) do
      live_workers[worker] = call('HGET', P .. 'wk:' .. worker, 'set') or nil
    end
  end
  return live_workers
end

local function memory_of(set)
  if not memory[set] then memory[set] = cjson.decode(call('HGET', P .. 'csd', set) or '{}').vram_gb or 0 end
  return memory[set]
end

local function avoid(id, lease, larger, delay_ms)
  local exceed = larger and lease.set and memory_of(lease.set) or -1
  call('HSET', P .. 'av', id, lease.w .. '\t' .. exceed .. '\t' .. string.format('%d', now + delay_ms + AVOID_MS))
end

-- Returns what the step avoids, if it does so now: the worker, until when, and whether a set or a worker is avoided.
local function avoided_by(id, class)
  local entry = call('HGET', P .. 'av', id)
  if not entry then return nil end
  local worker, exceed, ends = match(entry, '^(%C*)\t(%-?%d+)\t(%d+)$')
  exceed, ends = tonumber(exceed), tonumber(ends)
  if now >= ends then return nil end
  local other, larger = false, false
  for candidate, set in pairs(sets_of_live_workers()) do
    if call('SISMEMBER', P .. 'm:' .. class, set) == 1 then
      other = other or candidate ~= worker
      larger = larger or (exceed >= 0 and memory_of(set) > exceed)
    end
  end
  if not other then return nil end
  return worker, ends, function(candidate, set)
    if larger then return memory_of(set) <= exceed end
    return candidate == worker
  end
end

local function avoids(id, class, worker, set)
  local avoided, _, is_avoided = avoided_by(id, class)
  return avoided and is_avoided(worker, set)
end

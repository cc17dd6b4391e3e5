-- Returns why a step waits: matching workers, steps ahead, and what is missing if no worker matches.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Returns {} if it is not waiting; { 'no_room', own | all } if it was refused because a limit of classes is reached;
--       else { queued | delayed | paused, due ms or -1, matching workers, steps of its tenant ahead,
--       tenants of the busiest pool, waiting steps of its type, requirements, capabilities of each live set, type,
--       histogram of service times as bucket, count pairs, worker that the step avoids or '', until ms or -1 }
--#include head
--#include avoid
local id = ARGV[1]
local record, lease = call('HGET', STEPS, id), call('HGET', LEASES, id)
if not record then
  local used = call('EXISTS', P .. 't:' .. id) == 0 and call('GET', P .. 'nr:' .. id)
  return used and { 'no_room', used } or {}
end
if lease and string.sub(lease, 1, 1) ~= '\t' then return {} end
local h = header_of(record)
local due = call('ZSCORE', P .. 'dl', id)
local paused = call('SISMEMBER', P .. 'ps', h.type) == 1 or call('SISMEMBER', P .. 'ps', '*') == 1

local fitting, live, workers = {}, {}, 0
local avoided, avoided_until, is_avoided = avoided_by(id, h.class)
for _, set in ipairs(call('SMEMBERS', P .. 'm:' .. h.class)) do fitting[set] = true end
for worker, set in pairs(sets_of_live_workers()) do
  live[set] = true
  if fitting[set] and not (avoided and is_avoided(worker, set)) then workers = workers + 1 end
end

local tenants = 1
for set in pairs(fitting) do tenants = math.max(tenants, call('ZCARD', P .. 'r:' .. set)) end
local ahead = due and 0 or call('ZCOUNT', P .. 'q:' .. h.class .. ':' .. h.tenant, '-inf', '(' .. h.score)
local waiting = tonumber(call('HGET', P .. 'n', 'q:' .. h.type) or '0')

local abilities = {}
for set in pairs(live) do abilities[#abilities + 1] = call('HGET', P .. 'csd', set) end
return { due and 'delayed' or paused and 'paused' or 'queued', due or -1, workers, ahead, tenants, waiting,
  call('HGET', P .. 'cld', h.class), abilities, h.type, call('HGETALL', P .. 'hi:' .. h.type),
  avoided or '', avoided_until or -1 }

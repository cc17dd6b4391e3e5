-- Changes the priority of a step that is queued or delayed, and with it its place among the steps of its tenant. It keeps
-- the priority in later attempts.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 priority, 3 what a point of priority takes off the score
-- Returns changed | running | finished | unknown
--#include head
--#include events
--#include queue
--#include avoid
--#include leases
local USUAL = 50 -- of a step of an earlier release, whose record has no priority
local id, priority, head_start = ARGV[1], number_at(2), number_at(3)
local record = call('HGET', STEPS, id)
if not record then return call('EXISTS', P .. 't:' .. id) == 1 and 'finished' or 'unknown' end
local h, earlier = header_of(record), call('HGET', LEASES, id) -- of an earlier attempt
local lease = read_lease(earlier)
if lease.tok then return 'running' end

local digest, before = match(h.digest, '^(%x+)%.?(%d*)$')
local score = tonumber(h.score) + ((tonumber(before) or USUAL) - priority) * head_start
local class, weight, _, redelivery, trace = match(record, '^' .. string.rep(FIELD, 5))
-- The tail ends with the digest and the priority, and the time of submission.
local tail = match(h.tail, '^(' .. string.rep(SKIP, 6) .. ')')
  .. digest .. '.' .. string.format('%d', priority) .. '\t' .. h.queued_ms
local place = string.format('%d', score)
local line = table.concat({ class, weight, place, redelivery, trace, tail }, '\t')
local changed = line .. string.sub(record, (string.find(record, '\n', 1, true)))

local waits = dequeue(h, id) == 1 -- the first write: a record that cannot be read fails above
h.score, h.tail = place, tail
call('HSET', STEPS, id, changed)
if earlier then call('HSET', LEASES, id, lease_line(h, lease)) end
if waits then enqueue(h, id) end
return 'changed'

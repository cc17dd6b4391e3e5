-- Stores the latest progress of a running step and publishes it with the progress of its job. Refuses a stale token.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 token, 3 percent, 4 message (JSON for a ProgressMessage, without `progress` and its closing brace)
-- Returns 1, or 0 if the token is stale
--#include head
--#include job_progress
local id, percent = ARGV[1], number_at(3)
local line = call('HGET', LEASES, id)
local token, job = match(line or '', '^' .. FIELD .. string.rep(SKIP, 8) .. FIELD)
if not line or token ~= ARGV[2] then return 0 end
call('HSET', PROGRESS, id, percent)
local of_job = string.format('%.2f', percent_of_job(id, percent))
call('PUBLISH', 'job:progress:' .. job, ARGV[4] .. ',"progress":' .. of_job .. ',"at_ms":' .. now_text .. '}')
return 1

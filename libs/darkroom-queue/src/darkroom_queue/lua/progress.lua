-- Records the latest progress of a running step and publishes it; a stale token is refused.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 token, 3 percent, 4 message (JSON for a ProgressMessage, without its closing brace)
-- Gives 1, or 0 if the token is stale
--#include head
number_at(3)
local line = call('HGET', LEASES, ARGV[1])
local token, job = match(line or '', '^' .. FIELD .. string.rep(SKIP, 8) .. FIELD)
if not line or token ~= ARGV[2] then return 0 end
call('HSET', PROGRESS, ARGV[1], ARGV[3])
call('PUBLISH', 'job:progress:' .. job, ARGV[4] .. ',"at_ms":' .. now_text .. '}')
return 1

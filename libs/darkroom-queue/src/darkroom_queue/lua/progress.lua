-- Records the latest progress of a running step and publishes it; a stale token is refused.
-- KEYS  1 {s}:meta
-- ARGV  1 step, 2 token, 3 percent, 4 message (JSON for a ProgressMessage, without its closing brace)
-- Gives 1, or 0 if the token is stale
--#include head
local lease = call('GET', P .. 'l:' .. ARGV[1])
if not lease or string.match(lease, '^[^\t]*') ~= ARGV[2] then return 0 end
call('SET', P .. 'p:' .. ARGV[1], ARGV[3], 'EX', 86400)
local record = call('GET', P .. 's:' .. ARGV[1])
call('PUBLISH', 'job:progress:' .. header_of(record).job, ARGV[4] .. ',"at_ms":' .. now .. '}')
return 1

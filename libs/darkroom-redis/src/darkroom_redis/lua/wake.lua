-- Wakes one process that waits for a name. The list contains at most one token.
-- KEYS  1 {s}:meta
-- ARGV  1 name, 2 lifetime of the token in ms
local key = string.sub(KEYS[1], 1, -5) .. 'wp:' .. ARGV[1]
if redis.call('LLEN', key) > 0 then return 0 end
redis.call('RPUSH', key, '1')
redis.call('PEXPIRE', key, ARGV[2])
return 1

-- Empties the index of jobs, because events were missed; the series stays.
-- KEYS  1 {s}:meta
-- ARGV  1 process, which must be the writer
-- Returns 1, or 0 if another process is the writer
--#include head
--#include job_rows
expect_arguments(1)
if call('HGET', P .. 'jm', 'by') ~= ARGV[1] then return 0 end
for _, name in ipairs(call('SMEMBERS', NAMES)) do call('UNLINK', P .. 'jx:' .. name) end
call('UNLINK', ROWS, NAMES, ENDED)
call('HDEL', P .. 'jm', 'at')
return 1

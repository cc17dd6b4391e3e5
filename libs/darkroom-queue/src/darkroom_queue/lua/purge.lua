-- Deletes dead letters: the given ones, and those that failed before a time. Their tombstones remain.
-- KEYS  1 {s}:meta
-- ARGV  1 time in Unix ms (0: only the given ones), 2 limit of dead letters deleted by time, then steps
-- Returns the number deleted
--#include head
local ids = call('ZRANGE', P .. 'dd', '-inf', '(' .. number_at(1), 'BYSCORE', 'LIMIT', 0, number_at(2))
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
local gone = 0
for _, id in ipairs(ids) do
  gone = gone + call('ZREM', P .. 'dd', id)
  call('DEL', P .. 'd:' .. id)
end
return gone

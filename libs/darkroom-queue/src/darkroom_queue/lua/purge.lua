-- Forgets dead letters: the given ones, or those that failed before a time. Their tombstones stay.
-- KEYS  1 {s}:meta
-- ARGV  1 time in Unix ms (0: only the given ones), 2 greatest number of old ones, then steps
-- Gives the number forgotten
--#include head
local ids = call('ZRANGE', P .. 'dd', '-inf', '(' .. number_at(1), 'BYSCORE', 'LIMIT', 0, number_at(2))
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
local gone = 0
for _, id in ipairs(ids) do
  gone = gone + call('ZREM', P .. 'dd', id)
  call('DEL', P .. 'd:' .. id)
end
return gone

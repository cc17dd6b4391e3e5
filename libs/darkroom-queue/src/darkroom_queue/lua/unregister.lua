-- Takes a stopped worker out of the registry; what it still holds goes back to the queue without costing an attempt.
-- KEYS  1 {s}:meta
-- ARGV  1 worker, 2 incarnation
-- Gives 1, or 0 if another process has taken the worker's place
--#include head
--#include events
--#include queue
--#include leases
--#include fleet
local worker = ARGV[1]
if call('HGET', P .. 'wk:' .. worker, 'inc') ~= ARGV[2] then return 0 end
for _, id in ipairs(call('SMEMBERS', P .. 'h:' .. worker)) do
  local record, lease = call('HGET', STEPS, id), lease_of(id)
  if record and lease.w == worker then
    give_back(id, header_of(record), lease)
  end
end
flush_leases()
flush_debts()
flush_events()
flush_counts()
forget_worker(worker, 'stopped', 'shutdown')
return 1

-- Removes a stopped worker from the registry. Steps that it still holds are requeued without using an attempt.
-- KEYS  1 {s}:meta
-- ARGV  1 worker, 2 incarnation
-- Returns 1, or 0 if another process has superseded this one
--#include head
--#include events
--#include queue
--#include avoid
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

-- Removes steps from the index of jobs that the queue no longer knows.
-- KEYS  1 {s}:meta
-- ARGV  steps
-- Returns the number of removed steps
--#include head
--#include job_rows
local number, gone = 0, {}
for _, id in ipairs(ARGV) do
  local text = call('HGET', ROWS, id)
  local row = text and read_row(text)
  if row and call('HEXISTS', STEPS, id) == 0 and call('EXISTS', P .. 't:' .. id) == 0 then
    gone[id], number = row, number + 1
  end
end
drop_rows(gone)
return number

-- Reads the states of steps.
-- KEYS  1 {s}:meta
-- ARGV  steps
-- Returns for each step {} if unknown; { 'stone', tombstone };
--       or { 'step', header, delayed until ms or '', token or '', worker, attempt, started ms, cancel reason, progress }
--#include head
local states = {}
for i, id in ipairs(ARGV) do
  local record = call('HGET', STEPS, id)
  if record then
    local tok, worker, at, started, cx = match(call('HGET', LEASES, id) or '\t\t0\t0\t',
      '^' .. string.rep(FIELD, 4) .. '[^\n]*\n?(.*)$')
    states[i] = { 'step', match(record, '^[^\n]*'), call('ZSCORE', P .. 'dl', id) or '', tok, worker, at, started, cx,
      call('HGET', PROGRESS, id) or '' }
  else
    local stone = call('GET', P .. 't:' .. id)
    states[i] = stone and { 'stone', stone } or {}
  end
end
return states

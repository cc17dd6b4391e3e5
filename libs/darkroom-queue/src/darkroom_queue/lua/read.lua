-- Reads a step's state.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Gives {} if unknown; { 'stone', tombstone };
--       or { 'step', record, delayed until ms or '', token or '', worker, attempt, started ms, cancel reason, progress }
--#include head
local id = ARGV[1]
local record = call('HGET', STEPS, id)
if not record then
  local stone = call('GET', P .. 't:' .. id)
  return stone and { 'stone', stone } or {}
end
local tok, worker, at, started, cx = match(call('HGET', LEASES, id) or '\t\t0\t0\t',
  '^' .. string.rep(FIELD, 4) .. '[^\n]*\n?(.*)$')
return { 'step', record, call('ZSCORE', P .. 'dl', id) or '', tok, worker, at, started, cx,
  call('HGET', PROGRESS, id) or '' }

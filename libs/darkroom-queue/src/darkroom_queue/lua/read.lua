-- Reads a step's state.
-- KEYS  1 {s}:meta
-- ARGV  1 step
-- Gives {} if unknown; { 'stone', tombstone };
--       or { 'step', record, delayed until ms or '', token or '', worker, attempt, started ms, cancel reason, progress }
--#include head
local id = ARGV[1]
local record = call('GET', P .. 's:' .. id)
if not record then
  local stone = call('GET', P .. 't:' .. id)
  return stone and { 'stone', stone } or {}
end
local lease = call('HMGET', P .. 'l:' .. id, 'tok', 'w', 'at', 's', 'cx', 'p')
for i = 1, 6 do lease[i] = lease[i] or '' end
return { 'step', record, call('ZSCORE', P .. 'dl', id) or '', unpack(lease) }

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
local tok, worker, at, started, _, cx = string.match(call('GET', P .. 'l:' .. id) or '\t\t0\t0\t\t',
  '^([^\t]*)\t([^\t]*)\t(%d+)\t(%d+)\t([^\t]*)\t(.*)$')
return { 'step', record, call('ZSCORE', P .. 'dl', id) or '', tok, worker, at, started, cx,
  call('GET', P .. 'p:' .. id) or '' }

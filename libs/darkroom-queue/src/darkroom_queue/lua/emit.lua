-- Appends events of the platform. Idempotent: an outbox id that was appended before returns the id of that event.
-- KEYS  1 {s}:meta
-- ARGV  for each event: outbox id, type, job, tenant, data (JSON)
-- Returns { id… }, each `<epoch>-<ms>-<seq>`
--#include head
--#include events
local DEDUPLICATE_S = 86400
expect_arguments(math.ceil(#ARGV / 5) * 5)
local ids = {}
for i = 1, #ARGV, 5 do
  local seen = P .. 'o:' .. ARGV[i]
  local id = call('GET', seen)
  if not id then
    id = append(ARGV[i + 1], ARGV[i + 2], '', ARGV[i + 3], ARGV[i + 4])
    id = log.epoch .. '-' .. id
    call('SET', seen, id, 'EX', DEDUPLICATE_S)
  end
  ids[#ids + 1] = id
end
flush_events()
return ids

-- The index of jobs, which one process keeps from the event log. Nothing that submits or runs steps writes it.
--   jr  hash step → state, submitted ms, type        jx:<state>:<type>  zset step → submitted ms
--   jn  set of the `<state>:<type>` in use           je  zset ended step → time of the end, ms
local ROWS, NAMES, ENDED = P .. 'jr', P .. 'jn', P .. 'je'
local ROW = '^(%l+)\t(%d+)\t(.*)$'

local function read_row(text)
  local state, at, kind = match(text, ROW)
  return state and { state = state, at = at, kind = kind, name = state .. ':' .. kind }
end

-- Removes rows; `rows` has each by its step.
local function drop_rows(rows)
  for id, row in pairs(rows) do
    local key = P .. 'jx:' .. row.name
    call('ZREM', key, id)
    if call('EXISTS', key) == 0 then call('SREM', NAMES, row.name) end
    call('HDEL', ROWS, id)
    call('ZREM', ENDED, id)
  end
end

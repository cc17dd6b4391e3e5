-- Decides whether a capability set fits a class: once per pair, when either is registered.
local function covers(have, need)
  local has = {}
  for _, x in ipairs(have or {}) do has[x] = true end
  for _, x in ipairs(need or {}) do
    if not has[x] then return false end
  end
  return true
end

local function fits(need, can)
  return covers(can.types, { need.type }) and covers(can.models, need.models)
    and covers(can.custom_nodes, need.custom_nodes) and covers(can.tags, need.tags)
    and (can.vram_gb or 0) >= (need.vram_gb or 0)
    and (not need.backend or need.backend == cjson.null or covers(can.backends, { need.backend }))
end

-- Paused types are not in the index, so claims do not consider them.
local function is_paused(kind)
  return call('SISMEMBER', P .. 'ps', kind) == 1
end

local function join(set, class)
  call('SADD', P .. 'm:' .. class, set)
  call('SADD', P .. 'mc:' .. set, class)
end

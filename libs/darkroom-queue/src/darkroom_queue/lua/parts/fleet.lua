-- Publishes the status of workers and machines on the channels worker:status:<worker> and machine:<machine>:status.
--   ma:<machine>  set of its live workers
local function publish_worker_status(worker, status)
  call('PUBLISH', 'worker:status:' .. worker,
    '{"worker_id":' .. json(worker) .. ',"status":"' .. status .. '","at_ms":' .. now .. '}')
end

local function tell_machine(machine, status)
  call('PUBLISH', 'machine:' .. machine .. ':status', '{"machine_id":' .. json(machine) .. ',"status":"' .. status
    .. '","workers":' .. call('SCARD', P .. 'ma:' .. machine) .. ',"at_ms":' .. now .. '}')
end

-- Removes a worker from the registry. A machine without workers gets the status `machine_status`.
local function forget_worker(worker, status, machine_status)
  local machine = call('HGET', P .. 'wk:' .. worker, 'machine')
  call('DEL', P .. 'wk:' .. worker, P .. 'c:' .. worker)
  call('ZREM', P .. 'wz', worker)
  publish_worker_status(worker, status)
  if machine and call('SREM', P .. 'ma:' .. machine, worker) == 1 then
    tell_machine(machine, call('EXISTS', P .. 'ma:' .. machine) == 1 and 'ready' or machine_status)
  end
end

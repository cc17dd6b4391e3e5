-- Subtracts the class from the count of the tenant that created it.
local function refund_class(class)
  local tenant = call('HGET', P .. 'cb', class)
  if not tenant then return end
  call('HDEL', P .. 'cb', class)
  if call('HINCRBY', P .. 'ct', tenant, -1) <= 0 then call('HDEL', P .. 'ct', tenant) end
end

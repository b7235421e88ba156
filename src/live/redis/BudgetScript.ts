import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/**
 * As TokenBudgets. KEYS[1]: a hash of the levels `l1`.., of the time `at`, of the ring of leases `head`, `next` and `last` (end of the newest lease), and of
 * each reservation that is held, `r<id>` = "end of lease;permits;..;a<attempt>". ARGV from 3: "reserve" or "end", lease in microseconds, most reservations,
 * id and attempt of the reservation that ends, number of budgets, and for each: gain, full, worth, permits. Replies: "A id", "R microseconds", "R inf";
 * for the end "1" or "0".
 */
export const BUDGET_SCRIPT = `${SCRIPT_PRELUDE}
local state, count = KEYS[1], number(ARGV[8])
local levels, gain, full, worth, permits = {}, {}, {}, {}, {}
for i = 1, count do
  gain[i], full[i] = number(ARGV[5 + 4 * i]), number(ARGV[6 + 4 * i])
  worth[i], permits[i] = number(ARGV[7 + 4 * i]), number(ARGV[8 + 4 * i])
  levels[i] = full[i]
end
local now, head, next, last = read, 0.0, 0.0, 0.0
local at = redis.call('HGET', state, 'at')
if at then
  at = number(at)
  if at > read then now = at end
  head = number(redis.call('HGET', state, 'head'))
  next = number(redis.call('HGET', state, 'next'))
  last = number(redis.call('HGET', state, 'last'))
  for i = 1, count do
    local level = number(redis.call('HGET', state, 'l' .. text(i + 0.0)))
    local grown = (now - at) * gain[i]
    if grown < full[i] - level then levels[i] = level + grown end
  end
end
local function held(id) return redis.call('HGET', state, 'r' .. text(id)) end
local function parts(row)
  local numbers, from = {}, 1
  for i = 1, count + 1 do
    local stop = string.find(row, ';', from, true)
    numbers[i] = number(string.sub(row, from, stop - 1))
    from = stop + 1
  end
  return numbers, string.sub(row, from)
end
local headEnds = 0.0
while head < next do
  local row = held(head)
  if row then
    headEnds = parts(row)[1]
    if headEnds > now then break end
    redis.call('HDEL', state, 'r' .. text(head))
  end
  head = head + 1.0
end
local function keep(reply)
  local longest = last - now
  for i = 1, count do
    redis.call('HSET', state, 'l' .. text(i + 0.0), text(levels[i]))
    local fills = math.ceil((full[i] - levels[i]) / gain[i])
    if fills > longest then longest = fills end
  end
  redis.call('HSET', state, 'at', text(now), 'head', text(head), 'next', text(next), 'last', text(last))
  redis.call('PEXPIRE', state, life(now - read + longest))
  return answer(reply)
end
if ARGV[3] == 'end' then
  local id = number(ARGV[6])
  local row = id >= head and id < next and held(id)
  if not row then return keep('0') end
  local numbers, owner = parts(row)
  if owner ~= 'a' .. ARGV[7] then return keep('0') end
  for i = 1, count do
    local level = levels[i] + (numbers[i + 1] - permits[i]) * worth[i]
    if level > full[i] then level = full[i] end
    levels[i] = level
  end
  redis.call('HDEL', state, 'r' .. text(id))
  return keep('1')
end
local wait = 0.0
for i = 1, count do
  local units = permits[i] * worth[i]
  if units > full[i] then return keep('R inf') end
  if levels[i] < units then wait = math.max(wait, math.ceil((units - levels[i]) / gain[i])) end
end
if wait > 0.0 then return keep('R ' .. text(now - read + wait)) end
if next - head >= number(ARGV[5]) then return keep('R ' .. text(headEnds - read)) end
local id = next
next = next + 1.0
last = now + number(ARGV[4])
local row = text(last) .. ';'
for i = 1, count do
  levels[i] = levels[i] - permits[i] * worth[i]
  row = row .. text(permits[i]) .. ';'
end
redis.call('HSET', state, 'r' .. text(id), row .. 'a' .. ARGV[7])
return keep('A ' .. text(id))
`;

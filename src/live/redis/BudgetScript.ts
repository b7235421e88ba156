import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/**
 * As TokenBudgets. KEYS[1]: a hash of the levels `l1`.., of the time `at`, of the ring of leases `head`, `next` and `last` (end of the newest lease), and of
 * each reservation that is held, `r<id>` = "end of lease;permits;..;a<attempt>". ARGV from 3: "reserve", "end" or "levels", lease in microseconds, most reservations,
 * id and attempt of the reservation that ends, number of budgets, and for each: gain, full, worth, length of its fixed window (0: refilled steadily), permits.
 * Replies: "A id", "R microseconds", "R inf"; for the end "1" or "0"; for "levels", which changes nothing, the units that are left.
 */
export const BUDGET_SCRIPT = `${SCRIPT_PRELUDE}
local state, count = KEYS[1], number(ARGV[8])
local levels, gain, full, worth, window, permits = {}, {}, {}, {}, {}, {}
for i = 1, count do
  gain[i], full[i], worth[i] = number(ARGV[4 + 5 * i]), number(ARGV[5 + 5 * i]), number(ARGV[6 + 5 * i])
  window[i], permits[i] = number(ARGV[7 + 5 * i]), number(ARGV[8 + 5 * i])
  levels[i] = full[i]
end
local function same_window(i, one, other) return math.floor(one / window[i]) == math.floor(other / window[i]) end
local function window_left(i, us) return (math.floor(us / window[i]) + 1.0) * window[i] - us end
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
    if window[i] > 0.0 then
      if same_window(i, at, now) then levels[i] = level end
    else
      local grown = (now - at) * gain[i]
      if grown < full[i] - level then levels[i] = level + grown end
    end
  end
end
if ARGV[3] == 'levels' then
  local words = {}
  for i = 1, count do words[i] = text(levels[i]) end
  return table.concat(words, ' ')
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
    local fills = 0.0
    if window[i] > 0.0 then fills = window_left(i, now) else fills = math.ceil((full[i] - levels[i]) / gain[i]) end
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
  local charged = numbers[1] - number(ARGV[4])
  for i = 1, count do
    local credit = numbers[i + 1] - permits[i]
    if credit < 0.0 or window[i] == 0.0 or same_window(i, charged, now) then
      levels[i] = math.min(full[i], levels[i] + credit * worth[i])
    end
  end
  redis.call('HDEL', state, 'r' .. text(id))
  return keep('1')
end
local wait = 0.0
for i = 1, count do
  local units = permits[i] * worth[i]
  if units > full[i] then return keep('R inf') end
  if levels[i] < units then
    local needs = 0.0
    if window[i] > 0.0 then needs = window_left(i, now) else needs = math.ceil((units - levels[i]) / gain[i]) end
    wait = math.max(wait, needs)
  end
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

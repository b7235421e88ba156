import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/**
 * As Breaker, with consecutive and count rules. KEYS: state, memory of the attempt, bits of the permits that were settled, bits of the window. The state is
 * one string of numbers: those of NAMES, then permit and end of lease of each probe in flight. ARGV from 3: "admit" or "settle", life of the keys in ms, the
 * settings, and of a settlement: permit, epoch, birth, outcome, the server's hint in microseconds. Replies: "A permit epoch birth phase",
 * "R microseconds phase epoch"; of a settlement "1 phase epoch" or "0 phase epoch". The birth of the state keeps permits apart from those before it expired.
 */
export const BREAKER_SCRIPT = `${SCRIPT_PRELUDE}
local NAMES = { 'phase', 'epoch', 'openings', 'now', 'till', 'row', 'next', 'good', 'bad', 'ramp', 'share', 'total', 'failed', 'slow', 'place', 'born' }
local SETTINGS = { 'size', 'least', 'failurePpm', 'slowPpm', 'openFor', 'factor', 'longest', 'probes', 'successes', 'allowed', 'round', 'lease',
  'rampUs', 'rampFrom', 'remembered' }
local b, set, probes = {}, {}, {}
for i, name in ipairs(SETTINGS) do set[name] = number(ARGV[4 + i]) end
for i, name in ipairs(NAMES) do b[name] = 0.0 end
b.ramp, b.born, b.now = -1.0, read, read
local packed = redis.call('GET', KEYS[1])
if packed then
  local i, permit = 1, nil
  for word in string.gmatch(packed, '%S+') do
    if NAMES[i] then b[NAMES[i]] = number(word)
    elseif permit then
      probes[#probes + 1] = { permit, number(word) }
      permit = nil
    else permit = number(word) end
    i = i + 1
  end
end
if read > b.now then b.now = read end
local now = b.now
local live = {}
for i, probe in ipairs(probes) do
  if probe[2] > now then live[#live + 1] = probe end
end
probes = live
local function keep(reply)
  local words = {}
  for i, name in ipairs(NAMES) do words[i] = text(b[name]) end
  for i, probe in ipairs(probes) do words[#words + 1] = text(probe[1]) .. ' ' .. text(probe[2]) end
  redis.call('SET', KEYS[1], table.concat(words, ' '), 'PX', ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
  redis.call('PEXPIRE', KEYS[4], ARGV[4])
  return answer(reply)
end
local function where() return ' ' .. text(b.phase) .. ' ' .. text(b.epoch) end
local function settled_bit(permit) return text(permit - math.floor(permit / set.remembered) * set.remembered) end
local function issue()
  local permit = b.next
  b.next = permit + 1.0
  redis.call('SETBIT', KEYS[3], settled_bit(permit), '0')
  return keep('A ' .. text(permit) .. ' ' .. text(b.epoch) .. ' ' .. text(b.born) .. ' ' .. text(b.phase))
end
local function refuse(us) return keep('R ' .. text(us) .. where()) end
local function enter(phase)
  b.phase, b.epoch = phase, b.epoch + 1.0
  b.row, b.total, b.failed, b.slow, b.place, b.good, b.bad = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
  probes = {}
end
local function ramp_admits()
  local age = now - b.ramp
  if b.ramp < 0.0 or age >= set.rampUs then return true end
  b.share = b.share + set.rampFrom + math.floor(((1000000.0 - set.rampFrom) * age) / set.rampUs)
  if b.share < 1000000.0 then return false end
  b.share = b.share - 1000000.0
  return true
end
if ARGV[3] == 'admit' then
  if b.phase == 0.0 then
    if ramp_admits() then return issue() end
    return refuse(math.max(0.0, b.ramp + set.rampUs - now))
  end
  if b.phase == 1.0 then
    if now < b.till then return refuse(b.till - now) end
    enter(2.0)
  end
  if #probes >= set.probes or #probes + b.good + b.bad >= set.round then
    local first = probes[1][2]
    for i, probe in ipairs(probes) do first = math.min(first, probe[2]) end
    return refuse(first - now)
  end
  probes[#probes + 1] = { b.next, now + set.lease }
  return issue()
end
local function open()
  local lasts, turns = set.openFor, math.min(b.openings, 53.0)
  while turns > 0.0 and lasts < set.longest do
    lasts = lasts * set.factor
    turns = turns - 1.0
  end
  enter(1.0)
  b.openings = b.openings + 1.0
  b.till = now + math.max(math.min(lasts, set.longest), number(ARGV[24]))
end
local function sample(place, value)
  if tonumber(redis.call('SETBIT', KEYS[4], text(place), value)) == 1 then return 1.0 end
  return 0.0
end
local function trips(failure, slowness)
  if set.size == 0.0 then
    b.row = (b.row + 1.0) * failure
    return b.row >= set.least
  end
  local was_failed, was_slow = sample(2.0 * b.place, text(failure)), sample(2.0 * b.place + 1.0, text(slowness))
  if b.total == set.size then
    b.failed, b.slow = b.failed - was_failed, b.slow - was_slow
  else b.total = b.total + 1.0 end
  b.failed, b.slow = b.failed + failure, b.slow + slowness
  b.place = b.place + 1.0
  if b.place == set.size then b.place = 0.0 end
  if b.total < set.least then return false end
  return b.failed * 1000000.0 >= set.failurePpm * b.total or (set.slowPpm >= 0.0 and b.slow * 1000000.0 >= set.slowPpm * b.total)
end
local function count(outcome)
  local failure, slowness = 0.0, 0.0
  if outcome == 1.0 or outcome == 3.0 then failure = 1.0 end
  if outcome >= 2.0 then slowness = 1.0 end
  if b.phase == 0.0 then
    if trips(failure, slowness) then open() end
  elseif failure == 1.0 or (slowness == 1.0 and set.slowPpm >= 0.0) then
    b.bad = b.bad + 1.0
    if b.bad > set.allowed then open() end
  else
    b.good = b.good + 1.0
    if b.good >= set.successes then
      enter(0.0)
      b.openings, b.ramp, b.share = 0.0, now, 1000000.0
    end
  end
end
local function is_live(permit)
  if number(ARGV[22]) ~= b.born or number(ARGV[21]) ~= b.epoch then return false end
  if permit < 0.0 or permit >= b.next or permit < b.next - set.remembered then return false end
  if tonumber(redis.call('SETBIT', KEYS[3], settled_bit(permit), '1')) == 1 then return false end
  if b.phase == 0.0 then return true end
  for i, probe in ipairs(probes) do
    if probe[1] == permit then
      table.remove(probes, i)
      return true
    end
  end
  return false
end
if not is_live(number(ARGV[20])) then return keep('0' .. where()) end
local outcome = number(ARGV[23])
if outcome < 4.0 then count(outcome) end
return keep('1' .. where())
`;

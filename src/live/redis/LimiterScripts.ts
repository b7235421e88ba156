/**
 * Scripts of limiters, in the subset of Lua that Redis and ioredis-mock share: HGET, numbers as strings, floats throughout (the mock's Lua has 32-bit
 * integers). KEYS: state, memory of the attempt. ARGV: gain and full of the refill, units of the cost, ms that the attempt is remembered, and the time in
 * microseconds or "" for Redis' own. Reply: microseconds to wait, "0" when admitted. All arithmetic is that of the pure machines, on whole numbers
 * below 2^53. A resent attempt gets its first reply. Every key has a time to live: until the state equals that of a new key, and a second more.
 */
const PREAMBLE = `
local known = redis.call('GET', KEYS[2])
if known then return known end
local gain = tonumber(ARGV[1]) + 0.0
local full = tonumber(ARGV[2]) + 0.0
local units = tonumber(ARGV[3]) + 0.0
local read
if ARGV[5] == '' then
  local time = redis.call('TIME')
  read = (tonumber(time[1]) + 0.0) * 1000000.0 + (tonumber(time[2]) + 0.0)
else
  read = tonumber(ARGV[5]) + 0.0
end
local function text(number) return string.format('%.0f', number) end
local function life(us) return text(math.ceil(us / 1000.0) + 1000.0) end
local function answer(us)
  redis.call('SET', KEYS[2], text(us), 'PX', ARGV[4])
  return text(us)
end
`;

export const TOKEN_BUCKET_SCRIPT = `${PREAMBLE}
local level = redis.call('HGET', KEYS[1], 'level')
local at = redis.call('HGET', KEYS[1], 'at')
if level and at then
  level = tonumber(level) + 0.0
  at = tonumber(at) + 0.0
else
  level = full
  at = read
end
local now = at
if read > at then now = read end
local grown = (now - at) * gain
if grown >= full - level then level = full else level = level + grown end
if level < units then return answer(now - read + math.ceil((units - level) / gain)) end
level = level - units
redis.call('HSET', KEYS[1], 'level', text(level), 'at', text(now))
redis.call('PEXPIRE', KEYS[1], life(now - read + math.ceil((full - level) / gain)))
return answer(0.0)
`;

export const GCRA_SCRIPT = `${PREAMBLE}
local tat = redis.call('HGET', KEYS[1], 'tat')
local part = redis.call('HGET', KEYS[1], 'part')
if tat and part then
  tat = tonumber(tat) + 0.0
  part = tonumber(part) + 0.0
else
  tat = read
  part = 0.0
end
if tat < read then
  tat = read
  part = 0.0
end
local excess = (tat - read) * gain + part + units - full
if excess > 0.0 then return answer(math.ceil(excess / gain)) end
local total = part + units
local whole = math.floor(total / gain) + 0.0
tat = tat + whole
redis.call('HSET', KEYS[1], 'tat', text(tat), 'part', text(total - whole * gain))
redis.call('PEXPIRE', KEYS[1], life(tat + 1.0 - read))
return answer(0.0)
`;

import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/**
 * Scripts of TokenBucket and Gcra. KEYS[1]: a hash of the state. ARGV from 3: gain and full of the refill, units of the cost. Reply: microseconds to wait,
 * "0" when admitted. All arithmetic is that of the pure machines. A key lives until its state equals that of a new key, and a second more.
 */
const REFILL = `${SCRIPT_PRELUDE}
local gain, full, units = number(ARGV[3]), number(ARGV[4]), number(ARGV[5])
`;

export const TOKEN_BUCKET_SCRIPT = `${REFILL}
local level = redis.call('HGET', KEYS[1], 'level')
local at = redis.call('HGET', KEYS[1], 'at')
if level and at then
  level = number(level)
  at = number(at)
else
  level = full
  at = read
end
local now = at
if read > at then now = read end
local grown = (now - at) * gain
if grown >= full - level then level = full else level = level + grown end
if level < units then return answer(text(now - read + math.ceil((units - level) / gain))) end
level = level - units
redis.call('HSET', KEYS[1], 'level', text(level), 'at', text(now))
redis.call('PEXPIRE', KEYS[1], life(now - read + math.ceil((full - level) / gain)))
return answer('0')
`;

export const GCRA_SCRIPT = `${REFILL}
local tat = redis.call('HGET', KEYS[1], 'tat')
local part = redis.call('HGET', KEYS[1], 'part')
if tat and part then
  tat = number(tat)
  part = number(part)
else
  tat = read
  part = 0.0
end
if tat < read then
  tat = read
  part = 0.0
end
local excess = (tat - read) * gain + part + units - full
if excess > 0.0 then return answer(text(math.ceil(excess / gain))) end
local total = part + units
local whole = math.floor(total / gain) + 0.0
tat = tat + whole
redis.call('HSET', KEYS[1], 'tat', text(tat), 'part', text(total - whole * gain))
redis.call('PEXPIRE', KEYS[1], life(tat + 1.0 - read))
return answer('0')
`;

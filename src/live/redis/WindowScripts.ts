import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/** As SlidingCounter. KEYS[1]: "start current previous". ARGV from 3: window in microseconds, limit, cost. Reply: microseconds to wait. */
export const SLIDING_COUNTER_SCRIPT = `${SCRIPT_PRELUDE}
local window, limit, cost = number(ARGV[3]), number(ARGV[4]), number(ARGV[5])
local function start_of(us) return math.floor(us / window) * window + 0.0 end
local stored, held_current, held_previous = start_of(read), 0.0, 0.0
local packed = redis.call('GET', KEYS[1])
if packed then
  local a, b, c = string.match(packed, '^(%S+) (%S+) (%S+)$')
  stored, held_current, held_previous = number(a), number(b), number(c)
end
local now = read
if stored > now then now = stored end
local start = start_of(now)
if stored > start then start = stored end
local windows = (start - stored) / window
local current, previous = 0.0, 0.0
if windows == 0 then current, previous = held_current, held_previous elseif windows == 1 then previous = held_current end
local function faded(count, room)
  if room < 0 then return window end
  if count <= room then return 0.0 end
  return window - math.floor((room * window) / count)
end
local offset = faded(previous, limit - current - cost)
if offset >= window then offset = window + faded(current, limit - cost) end
local due = start + offset
if due > now then return answer(text(due - read)) end
redis.call('SET', KEYS[1], text(start) .. ' ' .. text(current + cost) .. ' ' .. text(previous), 'PX', life(start + 2.0 * window - read))
return answer('0')
`;

/**
 * As SlidingLog. KEYS[1]: "sum at"; KEYS[3]: the admissions, oldest first, as "instant cost". ARGV from 3: window in microseconds, limit, cost. Reply:
 * microseconds to wait. The oldest admissions are read a few at a time, so a decision costs O(1) on average.
 */
export const SLIDING_LOG_SCRIPT = `${SCRIPT_PRELUDE}
local window, limit, cost = number(ARGV[3]), number(ARGV[4]), number(ARGV[5])
local sum, at = 0.0, read
local packed = redis.call('GET', KEYS[1])
if packed then
  local a, b = string.match(packed, '^(%S+) (%S+)$')
  sum, at = number(a), number(b)
end
local now = read
if at > now then now = at end
local due, gone, left, from, done = now, 0.0, sum, 0.0, not packed
while not done do
  local page = redis.call('LRANGE', KEYS[3], text(from), text(from + 15.0))
  if #page == 0 then done = true end
  for i = 1, #page do
    local a, b = string.match(page[i], '^(%S+) (%S+)$')
    local leaves = number(a) + window
    if leaves > now and left + cost <= limit then
      done = true
      break
    end
    left = left - number(b)
    if leaves > due then due = leaves end
    if leaves <= now then
      gone = gone + 1.0
      sum = left
    end
  end
  from = from + 16.0
end
if due > now then return answer(text(due - read)) end
if gone > 0.0 then redis.call('LTRIM', KEYS[3], text(gone), '-1') end
redis.call('RPUSH', KEYS[3], text(now) .. ' ' .. text(cost))
redis.call('PEXPIRE', KEYS[3], life(now + window - read))
redis.call('SET', KEYS[1], text(sum + cost) .. ' ' .. text(now), 'PX', life(now + window - read))
return answer('0')
`;

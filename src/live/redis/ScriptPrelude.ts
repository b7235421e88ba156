/**
 * Beginning of every script here, in the subset of Lua that Redis and ioredis-mock share: numbers as strings, floats throughout (the mock's Lua has 32-bit
 * integers), text that must stay text gets a letter in front. KEYS[2] remembers the reply to an attempt, so a resent command gets its first reply and
 * changes nothing. ARGV[1]: ms that it is remembered; ARGV[2]: the time in microseconds, or "" for Redis' own. Numbers are whole and below 2^53.
 */
export const SCRIPT_PRELUDE = `
local known = redis.call('GET', KEYS[2])
if known then return known end
local function number(text) return tonumber(text) + 0.0 end
local function text(number) return string.format('%.0f', number) end
local function life(us) return text(math.ceil(us / 1000.0) + 1000.0) end
local function answer(reply)
  redis.call('SET', KEYS[2], reply, 'PX', ARGV[1])
  return reply
end
local read
if ARGV[2] == '' then
  local time = redis.call('TIME')
  read = number(time[1]) * 1000000.0 + number(time[2])
else
  read = number(ARGV[2])
end
`;

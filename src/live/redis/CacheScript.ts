import { SCRIPT_PRELUDE } from "./ScriptPrelude.ts";

/**
 * As LeasedCache. KEYS[1]: a hash of value, fresh, keep, owner, lease, stored, released, at; KEYS[2] is never written, for a step of the same owner is the
 * same step. ARGV from 3: "request", "store", "release" or "invalidate", owner, lease in microseconds, and to store: time to live and stale time in
 * microseconds, value. Replies: "hit left value", "stale left value", "staleLead left value", "lead left", "wait left"; of the others "1" or "0".
 */
export const CACHE_SCRIPT = `${SCRIPT_PRELUDE}
local key, me = KEYS[1], 'o' .. ARGV[4]
if ARGV[3] == 'invalidate' then
  redis.call('DEL', key)
  return '1'
end
local function field(name) return redis.call('HGET', key, name) end
local function instant(name)
  local stored = field(name)
  if stored then return number(stored) end
  return 0.0
end
local now = math.max(read, instant('at'))
local keep, lease, owner = instant('keep'), instant('lease'), field('owner')
local function save(reply)
  redis.call('HSET', key, 'at', text(now))
  redis.call('PEXPIRE', key, life(math.max(keep, lease, now) - read))
  return reply
end
local owned = owner and owner ~= '-' and now < lease
if ARGV[3] == 'request' then
  local value = now < keep and field('value')
  local fresh = instant('fresh')
  if value and now < fresh then return save('hit ' .. text(fresh - now) .. ' ' .. string.sub(value, 2)) end
  if not owned then
    owner, lease = me, now + number(ARGV[5])
    redis.call('HSET', key, 'owner', owner, 'lease', text(lease))
  end
  local left = text(lease - now)
  if owner == me then
    if value then return save('staleLead ' .. left .. ' ' .. string.sub(value, 2)) end
    return save('lead ' .. left)
  end
  if value then return save('stale ' .. left .. ' ' .. string.sub(value, 2)) end
  return save('wait ' .. left)
end
local done = 'released'
if ARGV[3] == 'store' then done = 'stored' end
if field(done) == me then return save('1') end
if not owned or owner ~= me then
  if field('at') then return save('0') end
  return '0'
end
redis.call('HSET', key, 'owner', '-', done, me)
if ARGV[3] == 'store' then
  local fresh = now + number(ARGV[6])
  keep = fresh + number(ARGV[7])
  redis.call('HSET', key, 'value', 'v' .. ARGV[8], 'fresh', text(fresh), 'keep', text(keep))
end
return save('1')
`;

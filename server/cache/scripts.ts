/**
 * What Redis does in one step, as Lua text, and the names of the keys beside a copy. Nothing else: the invalidator
 * process shares it with the server.
 */
export interface Script {
  name: string;
  lua: string;
}

/** Who may load the page under `key`, with gates `lock` and `lock-naive`: a token. */
export const lockKey = (key: string): string => `${key}:lock`;
/** The same with gate `lease`. */
export const leaseKey = (key: string): string => `${key}:lease`;
/** Loads of `key` that failed lately: a count. */
export const failuresKey = (key: string): string => `${key}:failures`;
/** The page that an invalidation took away, for readers who have waited long enough. */
export const staleCopyKey = (key: string): string => `${key}:stale`;
/** The lowest version that a copy of `key` may have. */
export const floorKey = (key: string): string => `${key}:floor`;

/** Life of the copy under `staleCopyKey`, in ms: from the invalidation, or from the start of its load if that came later. */
export const STALE_COPY_MS = 10_000;
/** Life of a floor, in ms: longer than any load, which the database ends after 114 statements of 10 s at the very latest. */
const FLOOR_MS = 1_200_000;
const FAILURES_MS = 5_000;

/**
 * Compare and delete in one step. A's lock may expire while A still works; B takes it; a plain DEL by A would free B's
 * lock and let C in: two holders at once.
 * KEYS lock; ARGV token. Returns 1 if it was there and is gone.
 */
export const RELEASE: Script = {
  name: 'release',
  lua: "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
};

/**
 * A reader without a usable copy asks for the right to load. Looking again and taking the token are one step: between
 * two steps the holder may fill and release, and the reader would load what he could have read.
 * KEYS copy, lock or lease, failures; ARGV token, life of the token in ms, the first 24 bytes of what he found, the count of
 * failures when he began to wait or -1.
 * Returns the copy if it is another one by now; -2: the load that he waited for has failed; -1: the token is his;
 * else another holds it, and the number is the count of failures.
 */
export const CLAIM: Script = {
  name: 'claim',
  lua: `local head = redis.call('GETRANGE', KEYS[1], 0, 23)
if head ~= '' and head ~= ARGV[3] then return redis.call('GET', KEYS[1]) end
local failures = tonumber(redis.call('GET', KEYS[3]) or '0')
local before = tonumber(ARGV[4])
if before >= 0 and failures > before then return -2 end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return -1 end
return failures`,
};

/**
 * The load failed: those who wait are told, and the token is given back if it still stands.
 * KEYS lock or lease, failures; ARGV token.
 */
export const FAIL: Script = {
  name: 'fail',
  lua: `redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ${FAILURES_MS})
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`,
};

/**
 * The copy lands only if its token still stands: an invalidation since the miss has deleted it. A page that is turned
 * away becomes the stale copy if it is no older than that one.
 * KEYS copy, lease, stale copy; ARGV token, bytes, life in ms, life in ms as stale copy.
 * Returns 1 if it landed.
 */
export const FILL_LEASED: Script = {
  name: 'fill-leased',
  lua: `if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2], KEYS[3])
  return 1
end
local function version(head)
  local sum = 0
  for at = 5, 10 do sum = sum * 256 + string.byte(head, at) end
  return sum
end
if tonumber(ARGV[4]) > 0 then
  local head = redis.call('GETRANGE', KEYS[3], 0, 23)
  if #head < 24 or version(head) <= version(ARGV[2]) then
    redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[4])
  end
end
return 0`,
};

/**
 * Invalidation of a leased copy: the copy steps aside for readers who would wait too long, and the token dies, so that
 * no load that began before may land. Also right where nobody takes leases.
 * KEYS copy, lease, stale copy.
 */
export const INVALIDATE: Script = {
  name: 'invalidate',
  lua: `if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[3])
  redis.call('PEXPIRE', KEYS[3], ${STALE_COPY_MS})
end
redis.call('DEL', KEYS[2])
return 1`,
};

/**
 * The copy lands only if its version is not below the floor.
 * KEYS copy, floor; ARGV bytes, life in ms, version. Returns 1 if it landed.
 */
export const FILL_ABOVE_FLOOR: Script = {
  name: 'fill-above-floor',
  lua: `if tonumber(ARGV[3]) < tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`,
};

/**
 * Invalidation under a floor: the copy goes, and none older than `version` may come. Two changes may arrive here in
 * either order: the floor only rises.
 * KEYS copy, floor; ARGV version.
 */
export const RAISE_FLOOR: Script = {
  name: 'raise-floor',
  lua: `local floor = math.max(tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[2]) or '0'))
redis.call('SET', KEYS[2], string.format('%.0f', floor), 'PX', ${FLOOR_MS})
redis.call('DEL', KEYS[1])
return 1`,
};

/**
 * The copy's life ends now, the copy stays: its header gets the age that it has as its life. With leases the token of a
 * load that began before dies too.
 * KEYS copy, lease; ARGV now in ms, 1 for leases. Returns 1 if there was a copy.
 */
export const SOFT_PURGE: Script = {
  name: 'soft-purge',
  lua: `if ARGV[2] == '1' then redis.call('DEL', KEYS[2]) end
local head = redis.call('GETRANGE', KEYS[1], 0, 23)
if #head < 24 or string.sub(head, 1, 2) ~= 'CL' then return 0 end
local began, life = 0, 0
for at = 11, 16 do began = began * 256 + string.byte(head, at) end
for at = 21, 24 do life = life * 256 + string.byte(head, at) end
local age = math.min(life, math.max(0, tonumber(ARGV[1]) - began))
local bytes = ''
for _ = 1, 4 do
  bytes = string.char(age % 256) .. bytes
  age = math.floor(age / 256)
end
redis.call('SETRANGE', KEYS[1], 20, bytes)
return 1`,
};

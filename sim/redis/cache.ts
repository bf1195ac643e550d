import { type Cache, type CacheSetting, roomOf } from '../policies/policy.ts';
import { randomStream } from '../random.ts';
import { Dict, hashOf, NO_KEY } from './dict.ts';
import { type ExpirySetting, ttlDraw, volatileDraw } from './expiry.ts';
import { EvictionPool } from './pool.ts';
import { idleMs, lfuChances, lfuCounter, lfuMinute, lfuNew, lruClock } from './stamps.ts';

/** A Redis's configuration, as far as eviction reads it, and what the trace does not tell. */
export interface RedisSetting extends ExpirySetting {
  /** `maxmemory-samples`, 1 to 64. */
  readonly samples: number;
  /** `lfu-log-factor`. */
  readonly lfuLogFactor: number;
  /** `lfu-decay-time`; 0: no decay. */
  readonly lfuDecayMinutes: number;
  /** The server's clock at tick 0: seconds and minutes begin where it says, not with the trace. */
  readonly startMs: number;
  /** Bytes of one key where capacities count objects: decides alone whether the hash table may still grow. */
  readonly bytesPerKey: number;
}

/** What a `maxmemory-policy` says. */
export interface Eviction {
  /** What decides who goes; `none`: nobody does. */
  readonly by: 'lru' | 'lfu' | 'random' | 'ttl' | 'none';
  /** Whether keys without a TTL are spared. */
  readonly volatile: boolean;
}

const GONE = -1;

/**
 * Redis 7 as a cache that is asked first and filled on a miss. A new key is in the table before room is made, as in Redis,
 * where the next command makes it: so it may be its own victim. Expiry is not here (`sim/time/` calls `remove`): TTLs decide who
 * may be evicted, and in which order.
 *
 * The time is the trace's. Without ticks it stands still: LRU then knows no order but its sampling's, LFU never decays, and equal
 * TTLs end together.
 */
export class RedisCache implements Cache {
  used = 0;
  readonly #setting: RedisSetting;
  readonly #by: Eviction['by'];
  readonly #tickMs: number;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;
  readonly #bytesPerUnit: number;
  /** By id: `GONE`, or the 24 bits of the object's header, as `#by` uses them. */
  readonly #stamps: Int32Array;
  /** By id, when it ends; for volatile-ttl alone. */
  readonly #expiresMs: Float64Array;
  /** Whose keys have a TTL; `null`: all may be evicted, with or without. */
  readonly #isVolatile: ((id: number) => boolean) | null;
  readonly #ttlMs: (id: number) => number;
  /** The keys that may be evicted: all, or Redis's second table of those with a TTL. */
  readonly #candidates: Dict;
  readonly #sampled: Int32Array;
  readonly #pool: EvictionPool = new EvictionPool();
  readonly #chances: Float64Array;
  readonly #random: () => number;
  #nowMs: number;

  constructor({ by, volatile }: Eviction, setting: RedisSetting, cache: CacheSetting) {
    this.#setting = setting;
    this.#by = by;
    this.#tickMs = cache.tickMs;
    this.#capacity = cache.capacity;
    this.#bytes = cache.bytes;
    this.#bytesPerUnit = cache.bytes === null ? setting.bytesPerKey : 1;
    this.#stamps = new Int32Array(cache.objects).fill(GONE);
    this.#expiresMs = new Float64Array(by === 'ttl' ? cache.objects : 0);
    this.#isVolatile = volatile ? volatileDraw(cache.seed, setting.volatileShare) : null;
    this.#ttlMs = ttlDraw(cache.seed, setting);
    this.#random = randomStream(cache.seed, 'redis-eviction');
    const salt = hashOf(cache.seed, 0x2545_f491);
    this.#candidates = new Dict(by === 'none' ? 0 : cache.objects, salt, this.#random);
    this.#sampled = new Int32Array(setting.samples);
    this.#chances = lfuChances(setting.lfuLogFactor);
    this.#nowMs = setting.startMs;
  }

  run(ids: Int32Array, from: number, to: number, ticks: Uint32Array | null): number {
    if (this.#by === 'lru') return this.#runLru(ids, from, to, ticks);
    if (this.#by === 'lfu') return this.#runLfu(ids, from, to, ticks);
    const stamps = this.#stamps;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      if (stamps[ids[i]!]! >= 0) hits += 1;
      else {
        if (ticks !== null) this.#setTime(ticks[i]!);
        this.#admit(ids[i]!);
      }
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#stamps[id]! >= 0;
  }

  /** The pool keeps the key as a ghost, as Redis does with a key that was deleted. */
  remove(id: number): void {
    if (!this.has(id)) return;
    this.#stamps[id] = GONE;
    this.used -= roomOf(this.#bytes, id);
    if (this.#isCandidate(id)) this.#candidates.delete(id);
  }

  #runLru(ids: Int32Array, from: number, to: number, ticks: Uint32Array | null): number {
    const stamps = this.#stamps;
    let clock = lruClock(this.#nowMs);
    let tick = -1;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      if (ticks !== null && ticks[i] !== tick) {
        tick = ticks[i]!;
        clock = lruClock(this.#setTime(tick));
      }
      const id = ids[i]!;
      if (stamps[id]! >= 0) {
        stamps[id] = clock;
        hits += 1;
      } else this.#admit(id);
    }
    return hits;
  }

  #runLfu(ids: Int32Array, from: number, to: number, ticks: Uint32Array | null): number {
    const stamps = this.#stamps;
    const chances = this.#chances;
    const random = this.#random;
    const { lfuDecayMinutes } = this.#setting;
    let minute = lfuMinute(this.#nowMs);
    let tick = -1;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      if (ticks !== null && ticks[i] !== tick) {
        tick = ticks[i]!;
        minute = lfuMinute(this.#setTime(tick));
      }
      const id = ids[i]!;
      const stamp = stamps[id]!;
      if (stamp < 0) {
        this.#admit(id);
        continue;
      }
      hits += 1;
      const counter = lfuCounter(stamp, minute, lfuDecayMinutes);
      const chance = chances[counter]!;
      const raised = chance === 1 || random() < chance ? counter + 1 : counter;
      stamps[id] = (minute << 8) | raised;
    }
    return hits;
  }

  #setTime(tick: number): number {
    this.#nowMs = this.#setting.startMs + tick * this.#tickMs;
    return this.#nowMs;
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    const free = this.#capacity - this.used - room;
    if (room > this.#capacity || (this.#by === 'none' && free < 0)) return;
    this.#stamps[id] = this.#newStamp();
    this.used += room;
    if (this.#isCandidate(id)) this.#candidates.add(id, free * this.#bytesPerUnit);
    if (this.#by === 'ttl') this.#expiresMs[id] = this.#nowMs + this.#ttlMs(id);
    while (this.used > this.#capacity) {
      const victim = this.#victim();
      // OOM: only keys without a TTL are left, so the new one is refused.
      this.remove(victim === NO_KEY ? id : victim);
    }
  }

  #newStamp(): number {
    if (this.#by === 'lru') return lruClock(this.#nowMs);
    return this.#by === 'lfu' ? lfuNew(lfuMinute(this.#nowMs)) : 0;
  }

  #isCandidate(id: number): boolean {
    if (this.#by === 'none') return false;
    return this.#isVolatile === null || this.#isVolatile(id);
  }

  #victim(): number {
    const candidates = this.#candidates;
    if (this.#by === 'random') return candidates.randomKey();
    while (candidates.used > 0) {
      const count = candidates.sample(this.#sampled);
      this.#judge(count);
      const victim = this.#pool.take(this.#stamps);
      if (victim !== NO_KEY) return victim;
    }
    return NO_KEY;
  }

  /** Puts the sampled keys into the pool, each with its score: the higher, the sooner it goes. */
  #judge(count: number): void {
    const pool = this.#pool;
    const sampled = this.#sampled;
    const stamps = this.#stamps;
    if (this.#by === 'lru') {
      const clock = lruClock(this.#nowMs);
      for (let at = 0; at < count; at += 1)
        pool.insert(sampled[at]!, idleMs(stamps[sampled[at]!]!, clock));
    } else if (this.#by === 'lfu') {
      const minute = lfuMinute(this.#nowMs);
      const { lfuDecayMinutes } = this.#setting;
      for (let at = 0; at < count; at += 1)
        pool.insert(sampled[at]!, 255 - lfuCounter(stamps[sampled[at]!]!, minute, lfuDecayMinutes));
    } else {
      const expiresMs = this.#expiresMs;
      for (let at = 0; at < count; at += 1) pool.insert(sampled[at]!, -expiresMs[sampled[at]!]!);
    }
  }
}

import { z } from 'zod';
import { MAX_TTL_MS } from './entry.ts';
import type { Entry } from './entry.ts';
import type { Part } from './part.ts';
import { createRests } from './rests.ts';
import type { Read, Services, Strategy } from './strategy.ts';

export const l1TtlMs: Part<number | null> = {
  about:
    'for how many ms a process sends what it read from Redis without asking again; null: never',
  schema: z.number().int().min(10).max(3_600_000).nullable(),
  fallback: null,
  conflicts({ l1TtlMs: value, ttlMs, store, fence }) {
    if (value === null) return [];
    if (store !== 'redis') return [`l1TtlMs ${value} needs store "redis", not "${store}"`];
    const problems: string[] = [];
    if (ttlMs !== null && value > ttlMs)
      problems.push(
        `l1TtlMs ${value} is longer than ttlMs ${ttlMs}: the first level outlives the second`,
      );
    if (fence === 'version-key')
      problems.push(`l1TtlMs ${value} skips the version that fence "version-key" reads each time`);
    return problems;
  },
  wrap(inner, settings, services) {
    const { l1TtlMs: ttlMs, l1MaxEntries: maxEntries, l1Bus } = settings;
    if (ttlMs === null) return inner;
    const { l1StaleIfErrorMs: windowMs, retryAfterErrorMs } = settings;
    return firstLevel(
      inner,
      { ttlMs, maxEntries, hasBus: l1Bus === 'pubsub', windowMs: windowMs ?? 0, retryAfterErrorMs },
      services,
    );
  },
};

/**
 * The last resort: with Redis away there is no copy but the one in this memory. A page stays here for the window; after a
 * failed read it is sent without another try for `retryAfterErrorMs`, so that few readers wait for what will fail again.
 */
export const l1StaleIfErrorMs: Part<number | null> = {
  about: 'for how many ms after its life in memory a page is sent when reading past it fails',
  schema: z.number().int().min(1).max(MAX_TTL_MS).nullable(),
  fallback: null,
  conflicts: ({ l1StaleIfErrorMs: value, l1TtlMs: ttlMs }) =>
    value !== null && ttlMs === null
      ? [`l1StaleIfErrorMs ${value} needs l1TtlMs: nothing is kept in memory`]
      : [],
};

export const l1MaxEntries: Part<number> = {
  about: 'most pages in the memory of one process; the one that was used least recently goes',
  schema: z.number().int().min(1).max(1_000_000),
  fallback: 1000,
};

export const l1Bus: Part<'none' | 'pubsub'> = {
  about: 'how processes hear that a page in their memory is old: not, or by PUBLISH after a change',
  schema: z.enum(['none', 'pubsub']),
  fallback: 'none',
  conflicts(settings) {
    const { l1Bus: value, l1TtlMs: ttlMs, invalidate } = settings;
    if (value === 'none') return [];
    if (ttlMs === null) return ['l1Bus "pubsub" needs l1TtlMs: there is nothing to evict'];
    return ['delete', 'double-delete', 'soft-purge'].includes(invalidate)
      ? []
      : [
          `l1Bus "pubsub" needs an invalidate of the server's own, not "${invalidate}": nothing would be published`,
        ];
  },
};

interface Held {
  entry: Entry;
  untilMs: number;
  /** Sent until then when reading past it fails. */
  rescueUntilMs: number;
}

/** What happened to a key while reads of it were under way. */
interface Pending {
  readers: number;
  evictions: number;
}

/**
 * Pages in the memory of the process, in front of Redis: the entry as it was read, by reference, neither parsed nor
 * copied. No page is sent for longer than `ttlMs` after its read from Redis began, nor beyond its own life; for `windowMs`
 * more where reading past it fails.
 *
 * With a bus a change evicts the page from every process. Three things would let an old page stay all the same:
 * - A read that began before the eviction and ends after it: its page is sent, but not kept.
 * - Messages that are lost with the link: then every page is at its end, and nothing kept until the link is back.
 * - A link that is dead without a word: `ttlMs` bounds it.
 */
function firstLevel(
  inner: Strategy,
  options: {
    ttlMs: number;
    maxEntries: number;
    hasBus: boolean;
    windowMs: number;
    retryAfterErrorMs: number;
  },
  services: Pick<Services, 'now' | 'count' | 'bus'>,
): Strategy {
  const { now, count } = services;
  const bus = options.hasBus ? (services.bus ?? null) : null;
  const held = new Map<string, Held>(); // least recently used first
  const pending = new Map<string, Pending>(); // as large as the reads under way
  const failed = createRests(now);
  let isOn = !options.hasBus;
  /** Grows when the link goes and when it comes: a read across either may have missed a message. */
  let changes = 0;

  function evict(key: string): void {
    const reads = pending.get(key);
    if (reads !== undefined) reads.evictions += 1;
    if (held.delete(key)) count('l1-evicted');
  }

  bus?.listen({
    evict,
    lost() {
      isOn = false;
      changes += 1;
      if (options.windowMs === 0) held.clear();
      else for (const one of held.values()) one.untilMs = Math.min(one.untilMs, now());
    },
    linked() {
      isOn = true;
      changes += 1;
    },
  });

  function find(key: string): Read | null {
    const found = held.get(key);
    if (found === undefined) return null;
    const { entry, untilMs, rescueUntilMs } = found;
    held.delete(key);
    const nowMs = now();
    if (nowMs >= rescueUntilMs) return null;
    held.set(key, found); // now the most recently used
    if (nowMs >= untilMs) return failed.has(key) ? rescue(key) : null;
    count('l1-hit');
    return { outcome: 'hit', entry, loaded: null, stored: false };
  }

  /** What is left of a page past its life, for a read that failed. */
  function rescue(key: string): Read | null {
    const found = held.get(key);
    if (found === undefined || options.windowMs === 0 || now() >= found.rescueUntilMs) return null;
    count('stale-if-error');
    return { outcome: 'stale', entry: found.entry, loaded: null, stored: false };
  }

  /** The failed read's page from memory. @throws the error where there is none. */
  function rescueOrThrow(key: string, error: unknown): Read {
    failed.rest(key, options.retryAfterErrorMs);
    const old = rescue(key);
    if (old === null) throw error;
    return old;
  }

  function keep(key: string, entry: Entry, readUntilMs: number): void {
    held.delete(key);
    const untilMs = Math.min(readUntilMs, entry.loadStartedAtMs + entry.ttlMs);
    held.set(key, { entry, untilMs, rescueUntilMs: untilMs + options.windowMs });
    if (held.size <= options.maxEntries) return;
    const [oldest] = held.keys();
    if (oldest !== undefined) held.delete(oldest);
  }

  /** Reads past this level, and says afterwards which page may be kept. */
  async function readThrough<T>(
    keys: readonly string[],
    read: () => Promise<T>,
    readsOf: (answer: T) => readonly Read[],
  ): Promise<T> {
    const untilMs = now() + options.ttlMs;
    const changesBefore = changes;
    const begun = keys.map((key) => {
      const reads = pending.get(key) ?? { readers: 0, evictions: 0 };
      pending.set(key, reads);
      reads.readers += 1;
      return { key, reads, evictions: reads.evictions };
    });
    try {
      const answer = await read();
      for (const [index, { entry, outcome, stored }] of readsOf(answer).entries()) {
        const own = begun[index];
        // What another reader loaded may have begun before the eviction that this one was spared.
        const kept = outcome === 'hit' || outcome === 'early' || (outcome === 'miss' && stored);
        if (own === undefined || entry === null || !kept) continue;
        if (isOn && changes === changesBefore && own.reads.evictions === own.evictions)
          keep(own.key, entry, untilMs);
      }
      return answer;
    } finally {
      for (const { key, reads } of begun) {
        reads.readers -= 1;
        if (reads.readers === 0) pending.delete(key);
      }
    }
  }

  return {
    name: `l1(${inner.name})`,
    get(key, load) {
      const found = find(key);
      if (found !== null) return Promise.resolve(found);
      return readThrough(
        [key],
        () => inner.get(key, load),
        (read) => [read],
      ).catch((error: unknown) => rescueOrThrow(key, error));
    },
    async getMany(keys, load) {
      const found = keys.map(find);
      const others = keys.filter((_key, index) => found[index] === null);
      if (others.length === 0) return found.filter((read) => read !== null);
      const reads = await readThrough(
        others,
        () => inner.getMany(others, load),
        (answer) => answer,
      ).catch((error: unknown) => others.map((key) => rescueOrThrow(key, error)));
      const rest = reads.values();
      return found.flatMap((read) => read ?? rest.next().value ?? []);
    },
    async fill(key, load) {
      const read = await inner.fill(key, load);
      evict(key);
      return read;
    },
    async afterWrite(key, version) {
      // After the DEL: a read before it could bring the old page back.
      const gone = await inner.afterWrite(key, version);
      evict(key);
      if (bus === null) return gone;
      return bus.publish(key).then(
        () => gone,
        () => false,
      );
    },
  };
}

import { beforeEach, describe, expect, test } from 'vitest';
import { buildStrategy, PolicyError, resolvePolicy } from './policy.ts';
import { ttlBoundMs } from './staleness-bound.ts';
import { countingLoad } from './strategy.contract.ts';
import type { BusListener, CacheEvent, Load, Store, Strategy } from './strategy.ts';

/** One process with a Redis and a database that may be away. */
let nowMs = 0;
let isAway = false;
let loads = 0;
let events: CacheEvent[] = [];
let listener: BusListener | null = null;

const away = (): Promise<never> => Promise.reject(new Error('away'));
const kept = new Map<string, Buffer>();
const store: Store = {
  get: (key) => (isAway ? away() : Promise.resolve(kept.get(key) ?? null)),
  getMany: (keys) => (isAway ? away() : Promise.resolve(keys.map((key) => kept.get(key) ?? null))),
  set: (key, value) => {
    if (isAway) return away();
    kept.set(key, value);
    return Promise.resolve();
  },
  delete: (key) => {
    kept.delete(key);
    return Promise.resolve();
  },
  setIfAbsent: away,
  deleteIfEquals: away,
  run: away,
};
let counting = countingLoad();
const load: Load = () => {
  loads += 1;
  return isAway ? away() : counting.load();
};

function process(overrides: Record<string, unknown>): Strategy {
  const policy = resolvePolicy({
    preset: 'cached',
    overrides: { ttlMs: 2000, l1TtlMs: 500, ...overrides },
  });
  return buildStrategy(policy.settings, {
    store,
    now: () => nowMs,
    random: () => 0.5,
    count: (event) => events.push(event),
    bus: {
      publish: () => Promise.resolve(),
      listen(next) {
        listener = next;
        next.linked();
      },
    },
  });
}

beforeEach(() => {
  [nowMs, isAway, loads, events, counting] = [1_000_000, false, 0, [], countingLoad()];
  kept.clear();
});

describe('l1StaleIfErrorMs 60,000', () => {
  const window = { l1StaleIfErrorMs: 60_000 };

  test('with Redis and database away the page from memory is sent for 60 s after its life there, and no longer', async () => {
    const strategy = process(window);
    await strategy.get('a', load);
    isAway = true;
    nowMs += 500 + 59_999;
    expect(await strategy.get('a', load)).toMatchObject({
      outcome: 'stale',
      loaded: null,
      entry: { menuVersion: 1 },
    });
    expect(events).toContain('stale-if-error');
    nowMs += 1;
    await expect(strategy.get('a', load)).rejects.toThrow('away');
  });

  test('after a failure 100 reads within 1 s are answered without another try, the next one tries', async () => {
    const strategy = process(window);
    await strategy.get('a', load);
    isAway = true;
    nowMs += 500;
    await strategy.get('a', load);
    const before = loads;
    for (let read = 0; read < 100; read += 1) {
      nowMs += 9;
      expect((await strategy.get('a', load)).outcome).toBe('stale');
    }
    expect(loads).toBe(before);
    nowMs += 101;
    await strategy.get('a', load);
    expect(loads).toBe(before + 1);
  });

  test('when the services are back the page is read from there again', async () => {
    const strategy = process(window);
    await strategy.get('a', load);
    isAway = true;
    nowMs += 500;
    await strategy.get('a', load);
    isAway = false;
    nowMs += 1000;
    expect((await strategy.get('a', load)).outcome).toBe('hit');
  });

  test('a batch is rescued too, unless one of its pages was never read', async () => {
    const strategy = process(window);
    await strategy.getMany(['a', 'b'], load);
    isAway = true;
    nowMs += 500;
    const reads = await strategy.getMany(['a', 'b'], load);
    expect(reads.map(({ outcome }) => outcome)).toEqual(['stale', 'stale']);
    await expect(strategy.getMany(['a', 'c'], load)).rejects.toThrow('away');
  });

  test('a lost bus ends the life of every page, and leaves it as a last resort', async () => {
    const strategy = process({ ...window, l1Bus: 'pubsub', invalidate: 'delete' });
    await strategy.get('a', load);
    listener?.lost();
    expect((await strategy.get('a', load)).outcome).toBe('hit');
    expect(events).not.toContain('l1-hit');
    isAway = true;
    expect((await strategy.get('a', load)).outcome).toBe('stale');
  });

  test('a page that was evicted because it changed is not sent again', async () => {
    const strategy = process({ ...window, l1Bus: 'pubsub', invalidate: 'delete' });
    await strategy.get('a', load);
    listener?.evict('a');
    isAway = true;
    await expect(strategy.get('a', load)).rejects.toThrow('away');
  });

  test('adds to the time for which an old page may be shown', () => {
    const bound = (overrides: Record<string, unknown>): number =>
      ttlBoundMs(
        resolvePolicy({ preset: 'cached', overrides: { ttlMs: 2000, l1TtlMs: 500, ...overrides } })
          .settings,
        100,
      );
    expect([bound({}), bound(window)]).toEqual([2600, 62_600]);
  });
});

test('without the window the error of the load reaches the reader', async () => {
  const strategy = process({});
  await strategy.get('a', load);
  isAway = true;
  nowMs += 500;
  await expect(strategy.get('a', load)).rejects.toThrow('away');
});

test('l1StaleIfErrorMs without l1TtlMs is refused', () => {
  expect(() => resolvePolicy({ preset: 'cached', overrides: { l1StaleIfErrorMs: 1000 } })).toThrow(
    PolicyError,
  );
});

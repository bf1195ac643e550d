import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoadFailedElsewhere, LockTimeout } from '../server/cache/lock.ts';
import { failuresKey, leaseKey, lockKey } from '../server/cache/scripts.ts';
import type { Read, Strategy } from '../server/cache/strategy.ts';
import { delayed, Menu, openProcesses } from './processes.ts';
import type { Processes } from './processes.ts';

const PROCESSES = 4;
let processes: Processes;

beforeAll(async () => {
  processes = await openProcesses(PROCESSES);
});

afterAll(async () => {
  await processes.close();
});

/** `count` readers at once, spread over all processes. */
function crowd(strategies: Strategy[], count: number, key: string, menu: Menu): Promise<Read>[] {
  return Array.from({ length: count }, (_, index) =>
    strategies[index % strategies.length]!.get(key, menu.load),
  );
}

function tally(reads: readonly Read[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { outcome } of reads) sum[outcome] = (sum[outcome] ?? 0) + 1;
  return sum;
}

describe('100 readers of 4 processes miss one page at once', () => {
  test.each([
    ['invalidated', 100, { miss: 100 }],
    ['single-flight', 4, { miss: 4, coalesced: 96 }],
    ['lock', 1, { miss: 1, coalesced: 99 }],
    ['lock+single-flight', 1, { miss: 1, coalesced: 99 }],
    ['lease', 1, { miss: 1, coalesced: 99 }],
    ['outbox', 1, { miss: 1, coalesced: 99 }],
    ['hardened', 1, { miss: 1, coalesced: 99 }],
  ])('%s: %i loads', async (preset, loads, outcomes) => {
    const menu = new Menu();
    menu.loadMs = 250;
    const strategies = processes.build(preset);
    const reads = await Promise.all(crowd(strategies, 100, processes.newKey(), menu));
    expect(menu.loads).toBe(loads);
    expect(tally(reads)).toEqual(outcomes);
    for (const read of reads) expect(read.entry?.menuVersion).toBe(1);
  });

  test('without Redis the readers of a process still share: 4 loads', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const gone = () => Promise.reject(new Error('away'));
    const strategies = processes.build('single-flight', (services) => ({
      ...services,
      store: { ...services.store, get: gone },
    }));
    const reads = await Promise.all(crowd(strategies, 100, processes.newKey(), menu));
    expect(menu.loads).toBe(PROCESSES);
    expect(tally(reads)).toEqual({ bypass: 4, coalesced: 96 });
  });
});

describe('a reader who misses just before the holder fills and releases', () => {
  /** B loads between A's GET and A's claim. */
  async function overtaken(preset: string, method: 'run' | 'setIfAbsent'): Promise<number> {
    const menu = new Menu();
    const key = processes.newKey();
    const [a, b] = processes.build(preset, (services, index) =>
      index === 0
        ? {
            ...services,
            store: delayed(services.store, method, async () => {
              if (menu.loads === 0) await b!.get(key, menu.load);
            }),
          }
        : services,
    );
    await a!.get(key, menu.load);
    return menu.loads;
  }

  test('loads again with the lock as published: it does not look a second time', async () => {
    expect(await overtaken('lock-naive', 'setIfAbsent')).toBe(2);
  });

  test.each(['lock', 'lease'])('reads what the holder has filled with %s', async (preset) => {
    expect(await overtaken(preset, 'run')).toBe(1);
  });
});

describe('a lock that is shorter than the load', () => {
  // Half a second lies between each end of a lock and that of the first load: a busy machine stands still for less.
  test('of 1000 ms lets ceil(2500 / 1000) = 3 loads of 2500 ms through', async () => {
    const menu = new Menu();
    menu.loadMs = 2500;
    const overrides = { lockTtlMs: 1000, lockPollMs: 10 };
    const strategies = processes.build({ preset: 'lock', overrides });
    await Promise.all(crowd(strategies, 20, processes.newKey(), menu));
    expect(menu.loads).toBe(3);
    expect(processes.events['lock-lost']).toBeGreaterThanOrEqual(1);
  });

  test('is not given back by a late holder: his token is another', async () => {
    const menu = new Menu();
    menu.loadMs = 300;
    const key = processes.newKey();
    const [strategy] = processes.build({ preset: 'lock', overrides: { lockTtlMs: 100 } });
    const read = strategy!.get(key, menu.load);
    await menu.begun(1);
    await processes.raw.set(lockKey(key), 'of another', 'PX', 5000);
    await read;
    expect(await processes.raw.get(lockKey(key))).toBe('of another');
    expect(processes.events['lock-lost']).toBe(1);
  });
});

describe('a load that fails', () => {
  const failing = (): Menu => {
    const menu = new Menu();
    menu.loadMs = 150;
    menu.failure = new Error('no connection');
    return menu;
  };

  test.each(['lock', 'lock+single-flight', 'lease', 'hardened'])(
    '%s: 40 readers wait for one load and no second',
    async (preset) => {
      const menu = failing();
      const strategies = processes.build(preset);
      const settled = await Promise.allSettled(crowd(strategies, 40, processes.newKey(), menu));
      expect(menu.loads).toBe(1);
      const errors = settled.map((one) => (one.status === 'rejected' ? one.reason : null));
      expect(errors).toContain(menu.failure);
      for (const error of errors)
        expect(error === menu.failure || error instanceof LoadFailedElsewhere).toBe(true);
    },
  );

  test('single-flight: 40 readers, 4 loads', async () => {
    const menu = failing();
    const strategies = processes.build('single-flight');
    await Promise.allSettled(crowd(strategies, 40, processes.newKey(), menu));
    expect(menu.loads).toBe(4);
  });

  test('the lock as published makes a convoy: 6 readers, 6 loads, one after the other', async () => {
    const menu = failing();
    const strategies = processes.build('lock-naive');
    const began = performance.now();
    await Promise.allSettled(crowd(strategies, 6, processes.newKey(), menu));
    expect(menu.loads).toBe(6);
    expect(performance.now() - began).toBeGreaterThan(6 * 150);
  });

  test('is no obstacle to the next reader', async () => {
    const menu = failing();
    const key = processes.newKey();
    const [strategy] = processes.build('lease');
    await expect(strategy!.get(key, menu.load)).rejects.toBe(menu.failure);
    menu.failure = null;
    expect(await strategy!.get(key, menu.load)).toMatchObject({ outcome: 'miss', stored: true });
    expect(await processes.raw.pttl(failuresKey(key))).toBeGreaterThan(0);
  });
});

describe('who has waited long enough', () => {
  async function behindAnother(
    preset: string,
    overrides: Record<string, unknown>,
  ): Promise<{ read: Promise<Read>; key: string; menu: Menu }> {
    const menu = new Menu();
    const key = processes.newKey();
    const strategies = processes.build({ preset, overrides: { lockWaitMs: 120, ...overrides } });
    const token = preset === 'lock' ? lockKey(key) : leaseKey(key);
    await processes.raw.set(token, 'of a process that died', 'PX', 10_000);
    return { read: strategies[0]!.get(key, menu.load), key, menu };
  }

  test('loads for himself and fills with a lock', async () => {
    const { read, menu } = await behindAnother('lock', {});
    expect(await read).toMatchObject({ outcome: 'miss', stored: true });
    expect(menu.loads).toBe(1);
    expect(processes.events).toMatchObject({ 'lock-waited': 1, 'lock-timeout': 1 });
  });

  test('loads for himself and fills nothing with a lease: he has no token', async () => {
    const { read, key } = await behindAnother('lease', {});
    expect(await read).toMatchObject({ outcome: 'miss', stored: false });
    expect(await processes.raw.exists(key)).toBe(0);
  });

  test('is told to come back with onLockTimeout "fail"', async () => {
    const { read, menu } = await behindAnother('lock', { onLockTimeout: 'fail' });
    await expect(read).rejects.toBeInstanceOf(LockTimeout);
    expect(menu.loads).toBe(0);
  });

  test('loads if there is no old page for onLockTimeout "stale"', async () => {
    const { read } = await behindAnother('lease', { onLockTimeout: 'stale' });
    expect((await read).outcome).toBe('miss');
  });

  test('waits until the lock of a holder who died runs out, and then loads', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const [strategy] = processes.build('lock');
    const began = performance.now();
    await processes.raw.set(lockKey(key), 'of a process that died', 'PX', 300);
    expect((await strategy!.get(key, menu.load)).stored).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(processes.events['lock-timeout']).toBeUndefined();
  });
});

test.each(['lock-naive', 'lock', 'lease', 'hardened'])(
  '%s: Redis that answers the GET and then no more costs nobody the page',
  async (preset) => {
    const menu = new Menu();
    const gone = () => Promise.reject(new Error('away'));
    const [strategy] = processes.build(preset, (services) => ({
      ...services,
      store: { ...services.store, run: gone, setIfAbsent: gone, set: gone },
    }));
    const read = await strategy!.get(processes.newKey(), menu.load);
    expect(read).toMatchObject({ outcome: 'bypass', stored: false, entry: { menuVersion: 1 } });
  },
);

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeEntry } from '../server/cache/entry.ts';
import {
  floorKey,
  INVALIDATE,
  leaseKey,
  RAISE_FLOOR,
  STALE_COPY_MS,
  staleCopyKey,
} from '../server/cache/scripts.ts';
import type { Strategy } from '../server/cache/strategy.ts';
import { Menu, openProcesses } from './processes.ts';
import type { Processes } from './processes.ts';

let processes: Processes;

beforeAll(async () => {
  processes = await openProcesses(2);
});

afterAll(async () => {
  await processes.close();
});

/** What the invalidator process does. */
async function invalidate(key: string): Promise<void> {
  await processes.connections[1]!.run(INVALIDATE, [key, leaseKey(key), staleCopyKey(key)], []);
}

/** The next version is committed, and the writer's server or the invalidator has done its part. */
async function change(menu: Menu, key: string, by: Strategy | 'invalidator'): Promise<void> {
  menu.version += 1;
  if (by === 'invalidator') await invalidate(key);
  else await by.afterWrite(key, menu.version);
}

async function versionInRedis(key: string): Promise<number | undefined> {
  const bytes = await processes.raw.getBuffer(key);
  return (bytes && decodeEntry(bytes)?.menuVersion) ?? undefined;
}

const withLease = { preset: 'lease', overrides: { coalesce: 'process' } };

describe('a change overtakes a load: version 1 is read, version 2 committed, then the page written', () => {
  test.each([
    ['invalidated', 'writer', 1],
    ['double-delete', 'writer', 1],
    ['lock-naive', 'writer', 1],
    ['lock', 'writer', 1],
    ['single-flight', 'writer', 1],
    ['lock+single-flight', 'writer', 1],
    ['event-driven', 'invalidator', 1],
    ['lease', 'writer', 2],
    [withLease, 'writer', 2],
    ['fence', 'writer', 2],
    ['version-key', 'writer', 2],
    ['outbox', 'invalidator', 2],
    ['hardened', 'invalidator', 2],
  ] as const)('%j, %s: the next reader gets version %i', async (policy, who, expected) => {
    for (const writer of [0, 1]) {
      const menu = new Menu();
      menu.loadMs = 100;
      const key = processes.newKey();
      const strategies = processes.build(policy, (services) => ({
        ...services,
        currentVersion: () => Promise.resolve(menu.version),
      }));
      const overtaken = strategies[0]!.get(key, menu.load);
      await menu.begun(1);
      await change(menu, key, who === 'writer' ? strategies[writer]! : 'invalidator');
      expect((await overtaken).entry?.menuVersion).toBe(1);
      const next = await strategies[0]!.get(key, menu.load);
      expect(next.entry?.menuVersion).toBe(expected);
      const refused = policy === 'version-key' || expected === 1 ? undefined : 1;
      expect(processes.events['fill-refused']).toBe(refused);
    }
  });

  test('a second DEL 500 ms later repairs it', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const key = processes.newKey();
    const [strategy] = processes.build('double-delete');
    const overtaken = strategy!.get(key, menu.load);
    await menu.begun(1);
    const began = performance.now();
    await change(menu, key, strategy!);
    await overtaken;
    expect(await versionInRedis(key)).toBe(1);
    await vi.waitUntil(async () => (await versionInRedis(key)) === undefined, { timeout: 3000 });
    expect(performance.now() - began).toBeGreaterThan(450);
  });

  test('the same for a refresh behind a reader’s back', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const [strategy] = processes.build('hardened');
    await strategy!.get(key, menu.load);
    processes.aheadMs += 3_500_000;
    menu.loadMs = 100;
    expect((await strategy!.get(key, menu.load)).outcome).toBe('early');
    await menu.begun(2);
    await change(menu, key, 'invalidator');
    await vi.waitUntil(() => processes.events['fill-refused'] === 1, { timeout: 3000 });
    expect((await strategy!.get(key, menu.load)).entry?.menuVersion).toBe(2);
  });
});

describe('a reader arrives after the change, while the old page is still being loaded', () => {
  test.each([
    ['single-flight', 'writer', 1],
    ['lock', 'writer', 1],
    ['lease', 'writer', 2],
    [withLease, 'writer', 2],
    ['fence', 'writer', 2],
    [{ preset: 'fence', overrides: { coalesce: 'process' } }, 'writer', 2],
    ['outbox', 'invalidator', 2],
    ['hardened', 'invalidator', 2],
  ] as const)('%j, %s: he gets version %i', async (policy, who, expected) => {
    for (const writer of [0, 1]) {
      const menu = new Menu();
      menu.loadMs = 150;
      const key = processes.newKey();
      const strategies = processes.build(policy);
      const overtaken = strategies[0]!.get(key, menu.load);
      await menu.begun(1);
      await change(menu, key, who === 'writer' ? strategies[writer]! : 'invalidator');
      const late = await Promise.all(strategies.map((one) => one.get(key, menu.load)));
      // Of two processes both have to wait for a lock; only the first has a flight to join.
      expect(late[0]?.entry?.menuVersion).toBe(expected);
      if (expected === 2) expect(late[1]?.entry?.menuVersion).toBe(2);
      await overtaken;
    }
  });

  test('a write by this process detaches its flight: who comes later does not wait for it', async () => {
    const menu = new Menu();
    menu.loadMs = 1000;
    const key = processes.newKey();
    const [strategy] = processes.build(withLease);
    let isOver = false;
    const overtaken = strategy!.get(key, menu.load).finally(() => {
      isOver = true;
    });
    await menu.begun(1);
    await change(menu, key, strategy!);
    menu.loadMs = 10;
    expect((await strategy!.get(key, menu.load)).entry?.menuVersion).toBe(2);
    expect(isOver).toBe(false);
    await overtaken;
    expect(await versionInRedis(key)).toBe(2);
  });

  test('who joined before the load began keeps the page that was refused', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const key = processes.newKey();
    const [strategy] = processes.build(withLease);
    await processes.raw.set(leaseKey(key), 'of another', 'PX', 200);
    const readers = [1, 2, 3].map(() => strategy!.get(key, menu.load));
    await menu.begun(1);
    await change(menu, key, 'invalidator');
    const reads = await Promise.all(readers);
    expect(reads.map(({ entry }) => entry?.menuVersion)).toEqual([1, 1, 1]);
    expect(menu.loads).toBe(1);
  });
});

describe('a lease', () => {
  test('that is gone refuses: Redis may lose all keys in the middle of a load', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const key = processes.newKey();
    const [strategy] = processes.build('lease');
    const read = strategy!.get(key, menu.load);
    await menu.begun(1);
    await processes.raw.del(leaseKey(key));
    expect(await read).toMatchObject({ outcome: 'miss', stored: false });
    expect(await processes.raw.exists(key)).toBe(0);
  });

  test('is taken by a fill that did not ask, and protects it too', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const key = processes.newKey();
    const [strategy] = processes.build('lease');
    const reading = strategy!.get(key, menu.load);
    await menu.begun(1);
    const filling = strategy!.fill(key, menu.load);
    expect((await reading).stored).toBe(false);
    expect((await filling).stored).toBe(true);
    const overtaken = strategy!.fill(key, menu.load);
    await menu.begun(3);
    await change(menu, key, strategy!);
    expect((await overtaken).stored).toBe(false);
  });

  test('is given back when there is no such store', async () => {
    const key = processes.newKey();
    const [strategy] = processes.build('lease');
    await strategy!.get(key, () => Promise.resolve(null));
    expect(await processes.raw.exists(leaseKey(key))).toBe(0);
  });
});

describe('a reader who waits longer than 100 ms for a changed page', () => {
  const hardened = { preset: 'hardened', overrides: { lockWaitMs: 100 } };

  test('gets the old one, labelled, in the loading process and in another; then the new one is there', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const strategies = processes.build(hardened);
    await strategies[0]!.get(key, menu.load);
    await change(menu, key, 'invalidator');
    menu.loadMs = 600;
    const loading = strategies[0]!.get(key, menu.load);
    await menu.begun(2);
    const waiting = await Promise.all(strategies.map((one) => one.get(key, menu.load)));
    for (const read of waiting)
      expect(read).toMatchObject({ outcome: 'stale', loaded: null, entry: { menuVersion: 1 } });
    expect(processes.events['stale-get']).toBe(2);
    expect((await loading).entry?.menuVersion).toBe(2);
    expect(await processes.raw.exists(staleCopyKey(key))).toBe(0);
    expect(await strategies[1]!.get(key, menu.load)).toMatchObject({
      outcome: 'hit',
      entry: { menuVersion: 2 },
    });
    expect(menu.loads).toBe(2);
  });

  test('gets the latest page that was refused: edits faster than loads leave nobody behind', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const strategies = processes.build(hardened);
    await strategies[0]!.get(key, menu.load);
    menu.loadMs = 150;
    for (let edit = 0; edit < 3; edit += 1) {
      await change(menu, key, 'invalidator');
      const loads = menu.loads;
      const loading = strategies[0]!.get(key, menu.load);
      await menu.begun(loads + 1);
      await change(menu, key, 'invalidator');
      expect(await loading).toMatchObject({
        stored: false,
        entry: { menuVersion: menu.version - 1 },
      });
    }
    await processes.raw.set(leaseKey(key), 'of another', 'PX', 5000);
    const read = await strategies[1]!.get(key, menu.load);
    expect(read).toMatchObject({ outcome: 'stale', entry: { menuVersion: menu.version - 1 } });
  });

  test('never gets one that is older than 10 s: the stale copy ends with them', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const [strategy] = processes.build(hardened);
    await strategy!.get(key, menu.load);
    await change(menu, key, 'invalidator');
    expect(await processes.raw.pttl(staleCopyKey(key))).toBeLessThanOrEqual(STALE_COPY_MS);
    menu.loadMs = 300;
    const refused = strategy!.get(key, menu.load);
    await menu.begun(2);
    await change(menu, key, 'invalidator');
    await refused;
    const leftMs = await processes.raw.pttl(staleCopyKey(key));
    expect(leftMs).toBeGreaterThan(STALE_COPY_MS - 2000);
    expect(leftMs).toBeLessThanOrEqual(STALE_COPY_MS - 300);
  });

  test('a late page that is older than the stale copy does not replace it', async () => {
    const menu = new Menu();
    menu.loadMs = 300;
    const key = processes.newKey();
    const strategies = processes.build(hardened);
    const late = strategies[0]!.get(key, menu.load);
    await menu.begun(1);
    await change(menu, key, 'invalidator');
    menu.loadMs = 0;
    expect(await strategies[1]!.get(key, menu.load)).toMatchObject({ stored: true });
    await change(menu, key, 'invalidator');
    expect(await versionInRedis(staleCopyKey(key))).toBe(2);
    await late;
    expect(await versionInRedis(staleCopyKey(key))).toBe(2);
  });
});

describe('a version floor', () => {
  test('only rises: invalidations that arrive in the wrong order leave the higher one', async () => {
    const key = processes.newKey();
    const [store] = processes.connections;
    await store!.run(RAISE_FLOOR, [key, floorKey(key)], [7]);
    await store!.run(RAISE_FLOOR, [key, floorKey(key)], [6]);
    expect(await processes.raw.get(floorKey(key))).toBe('7');
    const menu = new Menu();
    menu.version = 6;
    const [strategy] = processes.build('fence');
    expect((await strategy!.get(key, menu.load)).stored).toBe(false);
    menu.version = 7;
    expect((await strategy!.get(key, menu.load)).stored).toBe(true);
  });

  test('that is lost accepts an old page, where a lost lease refuses it', async () => {
    const menu = new Menu();
    menu.loadMs = 100;
    const key = processes.newKey();
    const [strategy] = processes.build('fence');
    const read = strategy!.get(key, menu.load);
    await menu.begun(1);
    await change(menu, key, strategy!);
    await processes.raw.del(floorKey(key));
    expect((await read).stored).toBe(true);
    expect(await versionInRedis(key)).toBe(1);
  });
});

describe('the version in the key', () => {
  test('costs one question per read, and a new version is a new page', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let asked = 0;
    const [strategy] = processes.build('version-key', (services) => ({
      ...services,
      currentVersion: () => {
        asked += 1;
        return Promise.resolve(menu.version);
      },
    }));
    const read = async (): Promise<unknown[]> => {
      const { outcome, versionSelects, entry } = await strategy!.get(key, menu.load);
      return [outcome, versionSelects, entry?.menuVersion];
    };
    expect(await read()).toEqual(['miss', 1, 1]);
    expect(await read()).toEqual(['hit', 1, 1]);
    menu.version = 2; // nobody tells the cache
    expect(await read()).toEqual(['miss', 1, 2]);
    expect(asked).toBe(3);
  });

  test('asks Redis nothing for a store that does not exist', async () => {
    const menu = new Menu();
    const [strategy] = processes.build('version-key', (services) => ({
      ...services,
      currentVersion: () => Promise.resolve(null),
    }));
    const read = await strategy!.get(processes.newKey(), menu.load);
    expect(read).toMatchObject({ outcome: 'miss', entry: null, versionSelects: 1 });
    expect(menu.loads).toBe(0);
  });
});

describe('a soft purge', () => {
  test('ends the life of the copy and leaves it: the next reader gets it and has it refreshed', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const [strategy] = processes.build({ preset: 'swr', overrides: { invalidate: 'soft-purge' } });
    await strategy!.get(key, menu.load);
    await sleep(2); // the life of the copy becomes its age, in whole ms
    menu.version = 2;
    expect(await strategy!.afterWrite(key, 2)).toBe(false);
    expect(await processes.raw.pttl(key)).toBeGreaterThan(3_500_000);
    expect(await strategy!.get(key, menu.load)).toMatchObject({
      outcome: 'stale',
      entry: { menuVersion: 1 },
    });
    await vi.waitUntil(async () => (await versionInRedis(key)) === 2, { timeout: 3000 });
    expect((await strategy!.get(key, menu.load)).outcome).toBe('hit');
  });
});

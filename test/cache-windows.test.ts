import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeEntry } from '../server/cache/entry.ts';
import type { Entry } from '../server/cache/entry.ts';
import type { CacheEvent, Read, Strategy } from '../server/cache/strategy.ts';
import { Menu, openProcesses } from './processes.ts';
import type { Processes } from './processes.ts';

const HOUR_MS = 3_600_000;
let processes: Processes;

beforeAll(async () => {
  processes = await openProcesses(4);
});

afterAll(async () => {
  await processes.close();
});

async function copyOf(key: string): Promise<Entry | null> {
  const bytes = await processes.raw.getBuffer(key);
  return bytes && decodeEntry(bytes);
}

async function counted(event: CacheEvent, times: number): Promise<void> {
  await vi.waitUntil(() => (processes.events[event] ?? 0) >= times, {
    timeout: 5000,
    interval: 5,
  });
}

/** 100 readers at once, spread over `strategies`. */
function crowd(strategies: Strategy[], key: string, menu: Menu): Promise<Read[]> {
  return Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      strategies[index % strategies.length]!.get(key, menu.load),
    ),
  );
}

const outcomes = (reads: Read[]): string[] => [...new Set(reads.map(({ outcome }) => outcome))];

describe('jitter of ±10 %', () => {
  test.each([
    [0, 3_240_000],
    [0.5, 3_600_000],
    [0.999_999, 3_959_999],
  ])('a draw of %d makes an hour %i ms, in the header and in Redis', async (draw, lifeMs) => {
    const menu = new Menu();
    const key = processes.newKey();
    const [strategy] = processes.build('jitter', (services) => ({
      ...services,
      random: () => draw,
    }));
    await strategy!.get(key, menu.load);
    expect((await copyOf(key))?.ttlMs).toBe(lifeMs);
    const leftMs = await processes.raw.pttl(key);
    expect(leftMs).toBeLessThanOrEqual(lifeMs);
    expect(leftMs).toBeGreaterThan(lifeMs - 5000);
  });
});

describe('stale-while-revalidate', () => {
  test.each([
    ['swr', 4],
    ['hardened', 1],
  ])(
    '%s: 100 readers of 4 processes get the old page at once, behind them %i load(s)',
    async (preset, loads) => {
      const menu = new Menu();
      const key = processes.newKey();
      const strategies = processes.build(preset);
      await strategies[0]!.get(key, menu.load);
      processes.aheadMs += HOUR_MS + 1;
      menu.loadMs = 300;
      menu.version = 2;
      const reads = await crowd(strategies, key, menu);
      expect(outcomes(reads)).toEqual(['stale']);
      expect(reads.every(({ entry }) => entry?.menuVersion === 1)).toBe(true);
      await counted('filled', 1 + loads);
      expect(menu.loads).toBe(1 + loads);
      expect(processes.events).toMatchObject({ refresh: loads });
      expect(await strategies[1]!.get(key, menu.load)).toMatchObject({
        outcome: 'hit',
        entry: { menuVersion: 2 },
      });
    },
  );

  test('adds 60 s to the life, in Redis too, and not a millisecond more', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build('swr', (services) => ({ ...services, now: () => nowMs }));
    await strategy!.get(key, menu.load);
    expect(await processes.raw.pttl(key)).toBeGreaterThan(HOUR_MS + 55_000);
    nowMs += HOUR_MS + 59_999;
    menu.failure = new Error('no connection'); // so that the refresh leaves the copy as it is
    expect((await strategy!.get(key, menu.load)).outcome).toBe('stale');
    await counted('refresh-failed', 1);
    menu.failure = null;
    nowMs += 1;
    expect((await strategy!.get(key, menu.load)).outcome).toBe('miss');
  });

  test('a refresh that fails is counted, and the next comes 1 s later', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build('swr', (services) => ({ ...services, now: () => nowMs }));
    await strategy!.get(key, menu.load);
    nowMs += HOUR_MS;
    menu.failure = new Error('no connection');
    for (const [waitMs, failures] of [
      [0, 1],
      [999, 1],
      [1, 2],
    ] as const) {
      nowMs += waitMs;
      expect((await strategy!.get(key, menu.load)).outcome).toBe('stale');
      await counted('refresh-failed', failures);
      expect(menu.loads).toBe(1 + failures);
    }
    expect(processes.events).toMatchObject({ 'load-failed': 2, 'refresh-failed': 2 });
  });
});

describe('stale-if-error', () => {
  const policy = { preset: 'cached', overrides: { staleIfErrorMs: 600_000 } };

  test('past its life a page is sent when loading fails, with one try a second', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build(policy, (services) => ({ ...services, now: () => nowMs }));
    await strategy!.get(key, menu.load);
    nowMs += HOUR_MS;
    menu.failure = new Error('no connection');
    for (const [waitMs, loads] of [
      [0, 2],
      [999, 2],
      [1, 3],
      [500, 3],
    ] as const) {
      nowMs += waitMs;
      expect(await strategy!.get(key, menu.load)).toMatchObject({
        outcome: 'stale',
        entry: { menuVersion: 1, loadStartedAtMs: 1_000_000 },
      });
      expect(menu.loads).toBe(loads);
    }
    expect(processes.events).toMatchObject({ 'stale-if-error': 4, 'load-failed': 2 });
    menu.failure = null;
    nowMs += 1000;
    expect(await strategy!.get(key, menu.load)).toMatchObject({ outcome: 'miss', stored: true });
  });

  test('ends 600 s after the life of the page, however long the outage', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build(policy, (services) => ({ ...services, now: () => nowMs }));
    await strategy!.get(key, menu.load);
    menu.failure = new Error('no connection');
    nowMs += HOUR_MS + 599_999;
    expect((await strategy!.get(key, menu.load)).outcome).toBe('stale');
    nowMs += 1;
    await expect(strategy!.get(key, menu.load)).rejects.toBe(menu.failure);
  });

  test('helps those who waited for the load of another, too', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const strategies = processes.build('hardened');
    await strategies[0]!.get(key, menu.load);
    processes.aheadMs += HOUR_MS + 60_001; // past the window in which nobody waits
    menu.failure = new Error('no connection');
    menu.loadMs = 150;
    const reads = await crowd(strategies, key, menu);
    expect(outcomes(reads)).toEqual(['stale']);
    expect(menu.loads).toBe(2);
  });
});

describe('refresh-ahead', () => {
  test('a hit after 80 % of the life is sent and starts one load, none before', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build('refresh-ahead', (services) => ({
      ...services,
      now: () => nowMs,
    }));
    await strategy!.get(key, menu.load);
    nowMs += 0.8 * HOUR_MS - 1;
    expect((await strategy!.get(key, menu.load)).outcome).toBe('hit');
    nowMs += 1;
    menu.loadMs = 100;
    expect(outcomes(await crowd([strategy!], key, menu))).toEqual(['early']);
    await counted('filled', 2);
    expect(menu.loads).toBe(2);
    expect((await strategy!.get(key, menu.load)).outcome).toBe('hit');
  });

  test('hardened: 100 readers of 4 processes before the expiry, none waits, 1 load', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    const strategies = processes.build('hardened');
    await strategies[0]!.get(key, menu.load);
    processes.aheadMs += 0.95 * HOUR_MS;
    menu.loadMs = 2000; // all three rounds fall into it, on a busy machine too
    for (let round = 0; round < 3; round += 1)
      expect(outcomes(await crowd(strategies, key, menu))).toEqual(['early']);
    await counted('filled', 2);
    expect(outcomes(await crowd(strategies, key, menu))).toEqual(['hit']);
    expect(menu.loads).toBe(2);
  });

  test('a reader whose page expires meanwhile joins the refresh', async () => {
    const menu = new Menu();
    const key = processes.newKey();
    let nowMs = 1_000_000;
    const [strategy] = processes.build('refresh-ahead', (services) => ({
      ...services,
      now: () => nowMs,
    }));
    await strategy!.get(key, menu.load);
    nowMs += 0.9 * HOUR_MS;
    menu.loadMs = 1000;
    await strategy!.get(key, menu.load);
    await menu.begun(2);
    nowMs += 0.1 * HOUR_MS;
    expect((await strategy!.get(key, menu.load)).outcome).toBe('coalesced');
    expect(menu.loads).toBe(2);
  });
});

describe('XFetch', () => {
  test('each reader who draws it loads, and none of them waits', async () => {
    const menu = new Menu();
    menu.loadMs = 50;
    const key = processes.newKey();
    let draw = 0;
    let nowMs = 1_000_000;
    const [strategy] = processes.build('xfetch', (services) => ({
      ...services,
      now: () => nowMs,
      random: () => draw,
    }));
    await strategy!.get(key, menu.load);
    const { loadMicros = 0, ttlMs = 0 } = (await copyOf(key)) ?? {};
    expect(loadMicros).toBeGreaterThan(45_000);
    expect(ttlMs).toBe(0.9 * HOUR_MS);
    nowMs += ttlMs - 60_000;
    draw = 0.999; // 6.9 load times before the end at most
    expect((await strategy!.get(key, menu.load)).outcome).toBe('hit');
    nowMs += 59_900;
    menu.loadMs = 300;
    const reads = await Promise.all([1, 2, 3].map(() => strategy!.get(key, menu.load)));
    expect(outcomes(reads)).toEqual(['early']);
    await menu.begun(4);
    await counted('filled', 4);
  });
});

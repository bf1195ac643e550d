import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openLink } from '../lab/link.ts';
import type { Findings } from '../lab/result.ts';
import { LOAD } from '../scenarios/degradation/arms.ts';
import { experiment } from '../scenarios/degradation/experiment.ts';
import { createDatabase } from '../server/database/database.ts';
import { createRedis } from '../server/redis.ts';
import type { GuardedRedis } from '../server/redis.ts';
import { requireTool, testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

type Link = Awaited<ReturnType<typeof openLink>>;

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function linkTo(url: string): Promise<Link> {
  const link = await openLink(url);
  closers.push(() => link.close());
  return link;
}

describe('a Redis that swallows commands, with a timeout of 60 ms', () => {
  async function swallowing(breaker: boolean): Promise<GuardedRedis> {
    const { redisUrl } = await testStack();
    const link = await linkTo(redisUrl);
    const redis = createRedis({ url: link.url, timeoutMs: 60, breaker, onChange: () => {} });
    closers.push(() => redis.close());
    await vi.waitUntil(() => redis.ping().then(Number.isFinite, () => false), { timeout: 5000 });
    link.blackhole();
    return redis;
  }

  /** 12 reads one after the other: for how many the timeout ran, and how many were rejected at once. */
  async function reads(redis: GuardedRedis): Promise<{ waited: number; atOnce: number }> {
    const messages: string[] = [];
    for (let read = 0; read < 12; read += 1)
      await redis.get('degradation:absent').catch((error: Error) => messages.push(error.message));
    const atOnce = messages.filter((message) => message === 'redis is away').length;
    return { waited: messages.length - atOnce, atOnce };
  }

  test('the breaker opens after 5 failures, and the other reads do not wait', async () => {
    const redis = await swallowing(true);
    const { opened } = redis.circuit(); // once before, if to connect took longer than 5 pings
    const { waited, atOnce } = await reads(redis);
    // A ping between them may be one of the five failures.
    expect(waited).toBeLessThanOrEqual(5);
    expect(waited + atOnce).toBe(12);
    expect(redis.circuit()).toMatchObject({ opened: opened + 1 });
    expect(redis.circuit().state).not.toBe('closed');
  });

  test('without a breaker each of 12 reads waits, and the circuit says that there is none', async () => {
    const redis = await swallowing(false);
    expect(await reads(redis)).toEqual({ waited: 12, atOnce: 0 });
    expect(redis.circuit()).toEqual({ state: 'off', opened: 0 });
  });
});

describe('a Postgres that swallows statements', () => {
  const SELECT = { name: 'one', text: 'SELECT 1 AS one' };

  async function through(statementTimeoutMs: number | null) {
    const { postgresUrl } = await testStack();
    const link = await linkTo(postgresUrl);
    const db = createDatabase({
      ...{ url: link.url, poolSize: 2, maxWaitMs: 1000, latency: null, seed: 1 },
      statementTimeoutMs,
    });
    // Connections that are given up in mid-air end with their link.
    closers.push(() => {
      link.cut();
      return db.close();
    });
    return { link, db };
  }

  test('with a timeout of 300 ms a statement and a new connection are given up, and both places of the pool serve afterwards', async () => {
    const { link, db } = await through(300);
    const isRead = (): Promise<boolean> => db.readOne(SELECT, []).then(Boolean, () => false);
    // On a busy machine a new connection may take longer than it is allowed.
    await vi.waitUntil(isRead, { timeout: 10_000 });
    link.blackhole();
    const tries = await Promise.allSettled([db.readOne(SELECT, []), db.readOne(SELECT, [])]);
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    link.heal();
    await vi.waitUntil(
      async () => {
        const both = await Promise.all([isRead(), isRead()]);
        return both.every(Boolean) && db.counters().total === 2;
      },
      { timeout: 10_000 },
    );
  });

  test('without one a statement waits until the answer comes', async () => {
    const { link, db } = await through(null);
    await db.readOne(SELECT, []);
    link.blackhole();
    const read = db.readOne(SELECT, []);
    const while200Ms = sleep(200, 'no answer');
    expect(await Promise.race([read, while200Ms])).toBe('no answer');
    link.heal();
    expect(await read).toEqual([{ one: 1 }]);
  });
});

describe('short trials', () => {
  let trials: Trials;
  beforeAll(async () => {
    trials = await openTrials({ stores: 20 });
  });
  afterAll(() => trials.close());

  async function trial(name: string): Promise<Findings> {
    const arm = experiment.arms.find((one) => one.name === name)!;
    const record = await trials.run({
      ...arm,
      // Below what the database loads beside others on a small machine.
      load: { ...LOAD, ratePerSecond: 40, virtualUsers: 80 },
      experiment: experiment.name,
      protocol: experiment.protocol!,
      // What a machine that is shared with others does to times is not looked at here.
      flagsAsMeasures: {
        ...experiment.flagsAsMeasures,
        ...{ 'foreign-cpu': 'shared', 'host-busy': 'shared', 'start-lag': 'shared' },
      },
      measureSeconds: 4,
    });
    // `wrong-state` says, among others, that this machine loads pages too slowly for the figures to be trusted.
    expect(invalidFlags(record).filter((flag) => flag !== 'wrong-state')).toEqual([]);
    return measurementOf(record).findings!;
  }

  // The short form of `npm run verify -- degradation`.
  test('Redis and Postgres away: full protection sends every page, the old ones from memory', async (context) => {
    requireTool((await testStack()).redisServer, 'redis-server', context.skip);
    const { totals } = await trial('full-both-away');
    expect(totals['faultPages']).toBeGreaterThan(20);
    expect(totals['faultAnswered']).toBe(totals['faultPages']);
    expect(totals['stale']).toBeGreaterThan(5);
  });

  test('Postgres away: without protection the pages whose copies end meanwhile are lost', async () => {
    const { totals } = await trial('none-postgres-restarted');
    expect(totals['faultAnswered']).toBeLessThan(totals['faultPages']! * 0.97);
    expect(totals['stale']).toBe(0);
  });
});

import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Protocol } from '../lab/protocol.ts';
import { protocol as bigKey, runCell } from '../scenarios/big-key/protocol.ts';
import { startReader } from '../scenarios/big-key/reader.ts';
import { slowLog } from '../scenarios/big-key/slow-log.ts';
import { openUnread } from '../scenarios/big-key/unread.ts';
import { type Catalog, readCatalog } from '../scenarios/memory/catalog.ts';
import type { Layout } from '../scenarios/memory/layout.ts';
import { LAYOUTS } from '../scenarios/memory/layouts.ts';
import { layoutProblems } from '../scenarios/memory/proof.ts';
import { protocol as memory } from '../scenarios/memory/protocol.ts';
import { Trips } from '../scenarios/memory/trips.ts';
import { seedDatabase } from '../seed/load.ts';
import { loadJoined } from '../server/catalog/joined.ts';
import { createDatabase } from '../server/database/database.ts';
import { freshDatabase, testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;
let redis: Redis;

beforeAll(async () => {
  trials = await openTrials();
  redis = new Redis((await testStack()).redisUrl, { keyPrefix: 'layouts:' });
});
afterAll(async () => {
  redis.disconnect();
  await trials.close();
});

const busy = 'the tests share the machine';
const alone = {
  ...{ pages: false as const, redis: 'own' as const },
  load: { kind: 'closed', virtualUsers: 1 } as const,
  flagsAsMeasures: { 'foreign-cpu': busy, 'host-busy': busy },
};

describe('the restaurant’s page in nine layouts', () => {
  let catalog: Catalog;

  beforeAll(async () => {
    const database = await freshDatabase('layouts');
    await seedDatabase({ url: database.url, seed: 1, stores: 0 });
    const client = new Client({ connectionString: database.url });
    await client.connect();
    catalog = await readCatalog(client, 'lao-zhang');
    const db = createDatabase({
      ...{ url: database.url, poolSize: 1, maxWaitMs: null, latency: null, seed: 1 },
      statementTimeoutMs: 10_000,
    });
    const served = await loadJoined(db, 'lao-zhang');
    expect(JSON.stringify(catalog)).toBe(served?.body.toString());
    await db.close();
    await client.end();
    await database.drop();
  });

  test.each(LAYOUTS)(
    '$name gives back the page, each category, and a changed price',
    async (layout) => {
      const key = `copy:${layout.name}`;
      await layout.write(new Trips(redis), key, catalog);
      expect(await layoutProblems(redis, layout, key, catalog)).toEqual([]);
    },
  );

  test('a layout that forgets a changed price, or mixes up categories, is found out', async () => {
    const [json] = LAYOUTS;
    const forgetful: Layout = { ...json!, setPrice: async () => {} };
    const mixed: Layout = {
      ...json!,
      readCategory: (trips, key) => json!.readCategory(trips, key, catalog.categories[0]!.id),
    };
    await json!.write(new Trips(redis), 'copy', catalog);
    expect(await layoutProblems(redis, forgetful, 'copy', catalog)).toHaveLength(1);
    expect(await layoutProblems(redis, mixed, 'copy', catalog)).toHaveLength(36);
  });

  test('a trial weighs them: gzip takes a third of JSON at most, a Hash per dish less than a String per field', async () => {
    const record = await trials.run({
      ...{ ...alone, name: 'layouts', protocol: memory, warmSeconds: 0.1, measureSeconds: 0.5 },
    });
    expect(invalidFlags(record)).toEqual([]);
    const samples = measurementOf(record).findings?.samples ?? {};
    const bytes = (layout: string): number => samples[`${layout}/bytes`]?.[0] ?? NaN;
    expect(bytes('json')).toBeGreaterThan(40_000);
    expect(bytes('gzip-1')).toBeLessThan(bytes('json') / 3);
    expect(bytes('hash-per-dish')).toBeLessThan(bytes('string-per-field'));
    expect(samples['hash-per-dish/keys']).toEqual([241]);
    expect(samples['string-per-field/priceTrips']).toEqual([1]);
    expect(samples['json/priceTrips']).toEqual([2]);
  });
});

describe('big keys', () => {
  test('replies pass unread and are counted; an error is thrown with Redis’s words', async () => {
    const unread = await openUnread((await testStack()).redisUrl);
    await redis.rpush('counted', 'x'.repeat(70_000), 'y');
    const { bytes, head } = await unread.command('LRANGE', 'layouts:counted', '0', '-1');
    expect(head).toMatch(/^\*2\r\n\$70000\r\nxxx/);
    expect(bytes).toBe(4 + 8 + 70_002 + 7);
    await expect(unread.command('GET', 'layouts:counted')).rejects.toThrow(/^WRONGTYPE/);
    unread.close();
  });

  test('small reads that were due while Redis was blocked for 80 ms say so, and none is left out', async () => {
    const blocked: Protocol = {
      async run(hands) {
        const busyLoop =
          "local t = redis.call('TIME'); local from = t[1] * 1e6 + t[2] repeat t = redis.call('TIME') until t[1] * 1e6 + t[2] - from > 80000 return 1";
        const cell = await runCell(hands, {
          reader: await startReader(hands),
          log: await slowLog(hands.redis, 0.1),
          operation: {
            ...{ commands: ['EVAL'], expects: 1 },
            run: async () => Number(await hands.redis.eval(busyLoop, 0)),
          },
          pace: { repetitions: 3, periodMs: 200, pauseMs: 50, leastMs: 1150 },
        });
        return {
          load: null,
          findings: { totals: {}, samples: cell.samples, series: [], notes: [] },
          problems: cell.problems,
        };
      },
    };
    const record = await trials.run({ ...alone, name: 'value', protocol: blocked });
    expect(invalidFlags(record)).toEqual([]);
    const { samples } = measurementOf(record).findings!;
    expect(samples['longestCommandMs']).toHaveLength(3);
    for (const [at, ms] of samples['longestCommandMs']!.entries()) {
      expect(ms).toBeGreaterThanOrEqual(80);
      // The first read that is due after the command began waits for all but a ms or two of it.
      expect(samples['feltMs']![at]).toBeGreaterThan(70);
    }
    expect(samples['slowCommands']).toEqual([1, 1, 1]);
    // 3 x 80 ms of about 1.2 s: far more than one read in a hundred waited.
    expect(samples['p99Ms']![0]).toBeGreaterThan(60);
    expect(samples['p50Ms']![0]).toBeLessThan(60);
  });

  test.each([
    ['members', ['hgetall', 'hscan', 'smembers', 'sscan', 'del', 'unlink']],
    ['keyspace', ['keys', 'scan']],
  ])('a trial of %s with 20,000 finds all of them by every command', async (name, operations) => {
    const record = await trials.run({
      ...{ ...alone, name, protocol: bigKey, parameters: { members: 20_000 } },
      measureSeconds: 0.1,
    });
    expect(invalidFlags(record)).toEqual([]);
    const { samples } = measurementOf(record).findings!;
    for (const operation of operations) expect(samples[`${operation}/feltMs`]).toHaveLength(1);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Protocol } from '../lab/protocol.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials();
});

afterAll(() => trials.close());

const load = {
  kind: 'open',
  ratePerSecond: 40,
  arrivals: 'even',
  expectedP99Ms: 200,
  virtualUsers: 80, // all who come while the page is loaded load it too: many on a slow machine
} as const;
const flagsAsMeasures = {
  'foreign-cpu': 'the tests share the machine',
  'host-busy': 'the tests share the machine',
  'start-lag': 'the tests share the machine',
  'achieved-rate': 'the tests share the machine',
};

/** Deletes the page in the middle of the load and tells what the journals say of it. */
const deleteOnce: Protocol = {
  async run(hands) {
    const running = hands.load({ warmSeconds: 0.5, measureSeconds: 2 });
    await running.measureBegins;
    await hands.sleep(500);
    hands.event('fault', 'the copy is deleted');
    const deletedUs = hands.nowUs();
    const deleted = await hands.redis.del(hands.catalogKey('lao-zhang'));
    const result = await running.done;
    const journals = await hands.journals();
    const after = journals.flatMap(({ loads }) => loads.startUs.filter((at) => at > deletedUs));
    return {
      load: result,
      findings: {
        totals: {
          deleted,
          loads: after.length,
          reads: journals.reduce((sum, { reads }) => sum + reads.slug.length, 0),
          processes: journals.filter(({ reads }) => reads.slug.length > 0).length,
        },
        samples: {},
        series: [],
        notes: [],
      },
      problems: deleted === 1 ? [] : ['there was no copy to delete'],
    };
  },
};

const arm = { policy: 'cached', cache: 'prime', expects: { selectsPerLoad: 114 } } as const;

describe('a protocol of an experiment’s own', () => {
  test('acts in the middle of a load on 2 processes, and its findings are in the record', async () => {
    const record = await trials.run({
      ...arm,
      ...{ load, flagsAsMeasures, processes: 2, protocol: deleteOnce },
    });
    expect(invalidFlags(record)).toEqual([]);
    const { findings, events, counts, server } = measurementOf(record);
    expect(findings?.totals).toMatchObject({ deleted: 1, processes: 2 });
    expect(findings?.totals['loads']).toBeGreaterThanOrEqual(1);
    expect(findings?.totals['reads']).toBe(counts.completed + 20);
    expect(server.requests).toBe(counts.completed);
    const [fault] = events.filter(({ kind }) => kind === 'fault');
    expect(fault?.atSecond).toBeGreaterThan(0.3);
    expect(fault?.atSecond).toBeLessThan(2);
  });

  test('a problem that it reports makes the trial invalid', async () => {
    const record = await trials.run({
      ...arm,
      ...{ load, flagsAsMeasures, protocol: deleteOnce, policy: 'uncached', cache: 'cold' },
    });
    expect(invalidFlags(record)).toContain('wrong-state');
  });

  test('overrides of the policy are in force, and are proved to be', async () => {
    const record = await trials.run({
      ...arm,
      // Each expiry costs a load per reader who comes during it: at 10 a second these are few.
      load: { ...load, ratePerSecond: 10 },
      ...{ flagsAsMeasures, overrides: { ttlMs: 300 }, measureSeconds: 2 },
    });
    expect(invalidFlags(record)).toEqual([]);
    expect(measurementOf(record).server.loads).toBeGreaterThanOrEqual(4);
  });
});

describe('a protocol without pages', () => {
  test('speaks to a Redis of its own, and its findings are the trial; with none the trial is invalid', async () => {
    const writes: Protocol = {
      async run(hands) {
        const before = hands.nowUs();
        for (let i = 0; i < 2000; i += 1) await hands.redis.set(`key:${i}`, 'x'.repeat(100));
        const seconds = (hands.nowUs() - before) / 1e6;
        hands.event('fault', 'all written');
        return {
          load: null,
          findings: {
            totals: { keys: await hands.redis.dbsize(), servers: hands.servers.length },
            samples: { writesPerSecond: [2000 / seconds] },
            series: [],
            notes: [],
          },
          problems: [],
        };
      },
    };
    const own = { ...{ load, flagsAsMeasures, pages: false as const }, redis: 'own' as const };
    const record = await trials.run({ ...own, protocol: writes });
    expect(invalidFlags(record)).toEqual([]);
    const { findings, events, counts, cpu } = measurementOf(record);
    expect(findings?.totals).toEqual({ keys: 2000, servers: 0 });
    expect(events.map(({ label }) => label)).toEqual(['all written']);
    expect(counts.started).toBe(0);
    expect(cpu.cores?.redis).toBeGreaterThan(0);

    const findings0 = { totals: {}, samples: {}, series: [], notes: [] };
    const nothing: Protocol = {
      run: () => Promise.resolve({ load: null, findings: findings0, problems: [] }),
    };
    expect(invalidFlags(await trials.run({ ...own, protocol: nothing }))).toEqual(['no-samples']);
  });
});

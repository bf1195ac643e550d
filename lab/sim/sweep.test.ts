import { expect, test } from 'vitest';
import { generate } from '../../sim/generators/generate.ts';
import { type Cell, runCell } from './cells.ts';
import type { SweepOptions } from './options.ts';
import { planSweep } from './simulate.ts';
import { sweep } from './sweep.ts';
import { jobsOf } from './sweep-jobs.ts';

/** A worker compiles what it runs: seconds on a busy machine. */
const WITH_WORKERS = { timeout: 60_000 };

const TRACE = generate({ kind: 'zipf', objects: 2000, requests: 20_000, rate: 100, updates: 0.01 });
const OPTIONS: SweepOptions = {
  ...{ trace: null, generate: null, format: null, columns: null, sample: 1, limit: null },
  ...{
    maxBad: null,
    keyBytes: null,
    seed: 1,
    sizes: '1%,10%',
    ttls: '1s,100s',
    loadMs: 50,
    updateRate: 0,
  },
  ...{ warm: 0.5, threads: null },
  policies: ['lru', 'redis-allkeys-lfu', 'belady'],
  freshness: ['cached', 'lease'],
};

test(
  '1, 2 and 4 threads give the same rows, in the order of the question',
  WITH_WORKERS,
  async () => {
    const plan = planSweep(TRACE, OPTIONS);
    const rows = async (threads: number) => [
      plan.sizeRows(await sweep(TRACE, plan.bySize, { threads })),
      plan.ttlRows(await sweep(TRACE, plan.byTtl, { threads })),
    ];
    const [sizes, ttls] = await rows(1);
    expect(await rows(2)).toEqual([sizes, ttls]);
    expect(await rows(4)).toEqual([sizes, ttls]);
    expect(
      plan.sizeRows(await sweep(TRACE, plan.bySize)).map((row) => `${row.policy} ${row.size}`),
    ).toEqual([
      'lru 1%',
      'lru 10%',
      'redis-allkeys-lfu 1%',
      'redis-allkeys-lfu 10%',
      'belady 1%',
      'belady 10%',
    ]);
  },
);

test(
  'four sizes of LRU or more are one pass, and give what each gives alone, warm requests or none',
  WITH_WORKERS,
  async () => {
    const plan = planSweep(TRACE, { ...OPTIONS, sizes: '1,2,1%,3%,10%,50%,100%', ttls: null });
    for (const threads of [1, 2]) {
      const rows = plan.sizeRows(await sweep(TRACE, plan.bySize, { threads }));
      const alone = plan.bySize.map((cell) => runCell(TRACE, cell));
      expect(rows).toEqual(plan.sizeRows(alone));
    }
    const cold = plan.bySize.map((cell) => ({ ...cell, warmRequests: 0 }) as Cell);
    expect(
      jobsOf([...plan.bySize, ...cold])
        .slice(0, 2)
        .map((job) => job.length),
    ).toEqual([7, 7]);
    expect(jobsOf(plan.bySize.slice(0, 3))).toEqual([[0], [1], [2]]);
    expect(await sweep(TRACE, cold)).toEqual(cold.map((cell) => runCell(TRACE, cell)));
  },
);

test(
  'the bound hits at least as often as every policy, and longer lives hit more and are older',
  WITH_WORKERS,
  async () => {
    const plan = planSweep(TRACE, OPTIONS);
    const sizes = plan.sizeRows(await sweep(TRACE, plan.bySize));
    const hits = (policy: string, size: string) =>
      sizes.find((row) => row.policy === policy && row.size === size)!.hits;
    for (const size of ['1%', '10%']) {
      expect(hits('belady', size)).toBeGreaterThan(hits('lru', size));
      expect(hits('belady', size)).toBeGreaterThan(hits('redis-allkeys-lfu', size));
    }
    const endless = planSweep(TRACE, { ...OPTIONS, sizes: null });
    const ttls = endless.ttlRows(await sweep(TRACE, endless.byTtl));
    const [short, shortLease, long, longLease] = ttls;
    expect(long!.hitRatio).toBeGreaterThan(short!.hitRatio);
    expect(long!.staleShare!).toBeGreaterThan(short!.staleShare!);
    // A lease keeps nothing that a change has overtaken.
    expect(shortLease!.staleShare).toBe(0);
    expect(longLease!.staleShare).toBe(0);
  },
);

test('TTLs within sizes: a bound has no row, and a small cache hits less than an endless one', async () => {
  const plan = planSweep(TRACE, OPTIONS);
  const rows = plan.ttlRows(await sweep(TRACE, plan.byTtl, { threads: 1 }));
  // 2 TTLs, 2 ways of staying fresh, 2 policies, 2 sizes.
  expect(rows).toHaveLength(16);
  expect(new Set(rows.map(({ cache }) => cache?.policy))).toEqual(
    new Set(['lru', 'redis-allkeys-lfu']),
  );
  const endless = planSweep(TRACE, { ...OPTIONS, sizes: null });
  const [, , long] = endless.ttlRows(await sweep(TRACE, endless.byTtl, { threads: 1 }));
  const small = rows.find((row) => row.ttlSeconds === 100 && row.cache?.size === '1%')!;
  expect(small.hitRatio).toBeLessThan(long!.hitRatio);
});

test('a worker that fails ends the sweep with its reason', WITH_WORKERS, async () => {
  const wrong = { kind: 'hits', cache: { policy: 'mru', capacity: 5, unit: 'objects' } } as const;
  const cells = [0, 1, 2].map(() => ({ ...wrong, seed: 1, warmRequests: 0 }));
  await expect(sweep(TRACE, cells, { threads: 2 })).rejects.toThrow(/policy mru/);
});

test('an unknown policy, an unknown freshness and TTLs without times are refused with what is known', () => {
  const plan = (change: Partial<SweepOptions>) => () => planSweep(TRACE, { ...OPTIONS, ...change });
  expect(plan({ policies: ['lru', 'mru'] })).toThrow(/unknown policy: mru/);
  expect(plan({ freshness: ['bloom'] })).toThrow(/"bloom" is not modelled/);
  expect(() => planSweep({ ...TRACE, ticks: null }, OPTIONS)).toThrow(/this one has none/);
});

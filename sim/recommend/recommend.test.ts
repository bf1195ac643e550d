import { expect, test } from 'vitest';
import { generate } from '../generators/generate.ts';
import type { TraceDescription } from '../generators/parameters.ts';
import { redisPolicy } from '../redis/redis.ts';
import { simulateTime } from '../time/simulate.ts';
import type { Trace } from '../trace.ts';
import { simulating } from './fixtures/measure.ts';
import { livesOf } from './lives.ts';
import type { Constraint, Question, Way } from './question.ts';
import { recommend } from './recommend.ts';
import { inRedis, memoriesOf } from './room.ts';
import type { Row } from './rows.ts';
import { spanMs } from './stampede.ts';

const MB = 2 ** 20;
const LOAD_MS = 200;
const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'volatile-ttl'] as const;

const WAYS: Way[] = [
  {
    name: 'cached',
    setting: () => ({ coalesce: 'process' }),
    boundMs: (ttlMs, jitter) => ttlMs * (1 + jitter) + LOAD_MS,
  },
  {
    name: 'swr',
    setting: (ttlMs) => ({ coalesce: 'process', staleWhileRevalidateMs: ttlMs / 5 }),
    boundMs: (ttlMs, jitter) => ttlMs * (1.2 + jitter) + LOAD_MS,
  },
  {
    name: 'lease',
    setting: () => ({ coalesce: 'process', invalidate: 'delete', fenced: true }),
    boundMs: () => 0,
  },
];

/** 20 to 25 s of requests; 300 objects of about 30 kB are 9 MB and more. */
const TRACES: Record<string, TraceDescription> = {
  zipf: { kind: 'zipf', objects: 600, requests: 2500, rate: 100, size: 30_000, updates: 0.02 },
  loop: { kind: 'loop', objects: 300, requests: 2000, rate: 100, size: 30_000, updates: 0.01 },
  shifting: {
    kind: 'shifting',
    arrivals: 'bursts',
    ...{ objects: 600, hot: 60, every: 20, requests: 2500, rate: 100 },
    ...{ burst: 10, size: 20_000, sigma: 0.5, updates: 0.02 },
  },
};

const traceOf = (name: string): Trace =>
  inRedis(generate({ seed: 5, ...TRACES[name]! }), { keyBytes: 32, valueBytes: 500 });

function questionOf(change: Partial<Question> = {}): Question {
  return {
    ...{ maxStaleMs: 15_000, memoryBytes: 8 * MB, selectsPerSecond: null, selectsPerLoad: 3 },
    ...{ loadMs: LOAD_MS, updateRatePerSecond: 0, warmShare: 0.2, sample: 1, seed: 1 },
    ...{ ways: WAYS, policies: POLICIES },
    ...change,
  };
}

type Point = Pick<
  Row,
  'way' | 'ttlMs' | 'boundMs' | 'memoryBytes' | 'policy' | 'hitRatio' | 'loadsPerSecond'
> & { peak: number };

/** Every point of the grid, each simulated by itself. */
function everyPoint(trace: Trace, question: Question): Point[] {
  const lives = livesOf(question, { spanMs: spanMs(trace), copies: trace.objects });
  const points: Point[] = [];
  for (const { way, ttlMs, jitter, boundMs } of lives)
    for (const memoryBytes of memoriesOf(question))
      for (const policy of POLICIES) {
        const { hitRatio, loadsPerSecond } = simulateTime(trace, {
          ...question.ways.find(({ name }) => name === way)!.setting(ttlMs),
          ...{ ttlMs, jitter, seed: question.seed, loadMs: LOAD_MS },
          expiry: 'active',
          fromTick: trace.ticks![Math.floor(trace.ids.length / 5)]!,
          eviction: { policy: redisPolicy(policy), capacity: memoryBytes - 2 * MB, unit: 'bytes' },
        });
        const { mean, peak } = loadsPerSecond;
        const found = { hitRatio, loadsPerSecond: mean, peak: 3 * peak };
        points.push({ way, ttlMs, boundMs, memoryBytes, policy, ...found });
      }
  return points;
}

/** Of these points the one with the fewest loads, then the least memory, then the freshest, then the simplest. */
function best(points: readonly Point[]): Point | null {
  const ways = WAYS.map(({ name }) => name);
  const rank = (point: Point): number[] => [
    ...[point.loadsPerSecond, point.memoryBytes, point.boundMs, point.ttlMs],
    ...[ways.indexOf(point.way), POLICIES.findIndex((policy) => policy === point.policy)],
  ];
  let chosen: Point | null = null;
  for (const point of points) {
    if (chosen === null) chosen = point;
    const [mine, its] = [rank(point), rank(chosen)];
    const at = mine.findIndex((value, index) => value !== its[index]);
    if (at >= 0 && mine[at]! < its[at]!) chosen = point;
  }
  return chosen;
}

function broken(point: Point, question: Question): Constraint[] {
  const constraints: Constraint[] = [];
  if (point.boundMs > question.maxStaleMs) constraints.push('max-stale');
  if (point.memoryBytes > question.memoryBytes) constraints.push('memory');
  if (question.selectsPerSecond !== null && point.peak > question.selectsPerSecond)
    constraints.push('db-rps');
  return constraints;
}

const isDominated = (point: Point, by: Point): boolean =>
  by.loadsPerSecond <= point.loadsPerSecond &&
  by.boundMs <= point.boundMs &&
  by.memoryBytes <= point.memoryBytes &&
  by.hitRatio >= point.hitRatio &&
  (by.loadsPerSecond < point.loadsPerSecond ||
    by.boundMs < point.boundMs ||
    by.memoryBytes < point.memoryBytes ||
    by.hitRatio > point.hitRatio);

const costs = (point: Omit<Point, 'peak'>): string =>
  [point.loadsPerSecond, point.boundMs, point.memoryBytes, point.hitRatio].join();

const pointOf = ({ peakSelectsPerSecond: peak, ...row }: Row): Point => ({
  ...{ way: row.way, ttlMs: row.ttlMs, boundMs: row.boundMs, memoryBytes: row.memoryBytes },
  ...{ policy: row.policy, hitRatio: row.hitRatio, loadsPerSecond: row.loadsPerSecond, peak },
});

test.each(Object.keys(TRACES))(
  '%s: the search finds what a search of the whole grid finds, with less than half of the simulations',
  async (name) => {
    const trace = traceOf(name);
    const points = everyPoint(trace, questionOf());
    // Limits below which nothing, some and all of the points that are fresh enough and fit remain.
    const peaks = points
      .filter((point) => broken(point, questionOf()).length === 0)
      .map(({ peak }) => peak)
      .sort((a, b) => a - b);
    for (const selectsPerSecond of [null, peaks[Math.floor(peaks.length / 10)]!]) {
      const { measure, count } = simulating();
      // Jitter depends on what the database bears: the grid is the same where it is told to bear everything.
      const question = questionOf({ selectsPerSecond });
      const all = selectsPerSecond === null ? points : everyPoint(trace, question);
      const fresh = all.filter(
        ({ boundMs, memoryBytes }) => boundMs <= 15_000 && memoryBytes <= 8 * MB,
      );
      const feasible = all.filter((point) => broken(point, question).length === 0);
      const found = await recommend(trace, question, measure);

      expect(feasible.length).toBeGreaterThan(0);
      expect(found.chosen && pointOf(found.chosen)).toEqual(best(feasible));
      expect(found.byWay.map(pointOf)).toEqual(
        WAYS.flatMap((way) => best(feasible.filter((point) => point.way === way.name)) ?? []),
      );
      const front = fresh.filter((point) => !fresh.some((other) => isDominated(point, other)));
      expect(new Set(found.front.map(costs))).toEqual(new Set(front.map(costs)));
      expect(found.front).toHaveLength(new Set(front.map(costs)).size);
      expect(count()).toBeLessThan(all.length / 2);
    }
  },
);

test('where nothing will do, each constraint is named that would have to give alone, with the least that would do', async () => {
  const trace = traceOf('loop');
  // A loop over more than fits is never hit by LRU, and a lease would be fresh at any TTL: left out.
  const ways = WAYS.slice(0, 2);
  const question = questionOf({
    ways,
    maxStaleMs: 4000,
    memoryBytes: 4 * MB,
    selectsPerSecond: 60,
  });
  const points = everyPoint(trace, question);
  expect(points.filter((point) => broken(point, question).length === 0)).toEqual([]);
  const { chosen, bindings, rows } = await recommend(trace, question, simulating().measure);
  expect(chosen).toBeNull();
  const least = (constraint: Constraint, asks: (point: Point) => number): number[] => {
    const alone = points.filter((point) => broken(point, question).join() === constraint).map(asks);
    return alone.length === 0 ? [] : [Math.min(...alone)];
  };
  const needed = (constraint: Constraint): number[] =>
    bindings.filter((one) => one.constraint === constraint).map((one) => one.needed);
  expect(needed('db-rps')).toEqual(least('db-rps', ({ peak }) => peak));
  expect(needed('max-stale')).toEqual(least('max-stale', ({ boundMs }) => boundMs));
  expect(needed('memory')).toEqual(least('memory', ({ memoryBytes }) => memoryBytes));
  expect(needed('db-rps')).toHaveLength(1);
  expect(rows.every(({ boundMs, memoryBytes }) => boundMs <= 4000 && memoryBytes <= 4 * MB)).toBe(
    true,
  );
});

test('the binding constraint is the one that was made too tight', async () => {
  const trace = traceOf('zipf');
  const [cached] = WAYS;
  const ask = async (change: Partial<Question>): Promise<string[]> => {
    const question = questionOf({ ways: [cached!], maxStaleMs: 15_000, ...change });
    const { bindings } = await recommend(trace, question, simulating().measure);
    return bindings.map(({ constraint }) => constraint);
  };
  // No page can be younger than its load.
  expect(await ask({ maxStaleMs: 250 })).toEqual(['max-stale']);
  // Less than one load a second.
  expect(await ask({ selectsPerSecond: 2 })).toEqual(['db-rps']);
  const roomy = questionOf({ ways: [cached!], memoryBytes: 64 * MB });
  const { chosen } = await recommend(trace, roomy, simulating().measure);
  const selectsPerSecond = chosen!.peakSelectsPerSecond * 1.05;
  expect(await ask({ memoryBytes: 4 * MB, selectsPerSecond })).toContain('memory');
});

test('figures of a sample of a tenth are those of all keys', async () => {
  const trace = traceOf('zipf');
  const whole = await recommend(
    trace,
    questionOf({ ways: WAYS.slice(0, 1) }),
    simulating().measure,
  );
  const tenth = await recommend(
    trace,
    // The same trace taken for a tenth, with ten times the room for keys.
    questionOf({ ways: WAYS.slice(0, 1), sample: 0.1, memoryBytes: 62 * MB }),
    simulating().measure,
  );
  const { chosen } = tenth;
  expect(chosen!.loadsPerSecond).toBeCloseTo(10 * whole.chosen!.loadsPerSecond, 9);
  expect(chosen!.peakSelectsPerSecond).toBeCloseTo(10 * whole.chosen!.peakSelectsPerSecond, 9);
  expect(chosen!.hitRatio).toBe(whole.chosen!.hitRatio);
});

test('a question out of range is refused with every value, and a trace without sizes too', async () => {
  const { measure } = simulating();
  const trace = traceOf('zipf');
  await expect(
    recommend(trace, questionOf({ memoryBytes: MB, sample: 0, policies: [] }), measure),
  ).rejects.toThrow(/memoryBytes 1048576.*sample 0.*policies is empty/);
  await expect(recommend({ ...trace, bytes: null }, questionOf(), measure)).rejects.toThrow(
    /no sizes/,
  );
  await expect(recommend({ ...trace, ticks: null }, questionOf(), measure)).rejects.toThrow(
    /no times/,
  );
});

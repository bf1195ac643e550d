import { describe, expect, test } from 'vitest';
import { generate } from '../generators/generate.ts';
import { readsOf, type Trace } from '../trace.ts';
import { simulating } from './fixtures/measure.ts';
import { intervalsOf } from './intervals.ts';
import type { Question } from './question.ts';
import { figuresOf, type Row, trialOf } from './rows.ts';
import { whatIf } from './what-if.ts';

const MB = 2 ** 20;

const QUESTION: Question = {
  ...{ maxStaleMs: 60_000, memoryBytes: 64 * MB, selectsPerSecond: 70, selectsPerLoad: 1 },
  ...{ loadMs: 100, updateRatePerSecond: 0, warmShare: 0, sample: 1, seed: 1 },
  ways: [{ name: 'cached', setting: () => ({ coalesce: 'process' }), boundMs: (ttlMs) => ttlMs }],
  policies: ['allkeys-lru'],
};

/** The row of a question with one way, by its simulation. */
async function rowOf(
  trace: Trace,
  { ttlMs, jitter }: { ttlMs: number; jitter: number },
  question: Question = QUESTION,
): Promise<Row> {
  const life = { way: 'cached', ttlMs, jitter, boundMs: ttlMs };
  const room = { policy: 'allkeys-lru', memoryBytes: 64 * MB };
  const { measure } = simulating();
  const [found] = await measure(trace, [trialOf(trace, question, life, room)]);
  return { ...life, ...room, ...figuresOf(found!.outcome, question) };
}

/** In ms. */
function sized(trace: Trace, bytes: number): Trace {
  return { ...trace, bytes: new Uint32Array(trace.objects).fill(bytes) };
}

/** 200 objects in turn, 100 reads a second for 60 s: each is read every 2 s. */
const LOOP: Trace = sized(
  {
    ...readsOf(
      Int32Array.from({ length: 6000 }, (_, at) => at % 200),
      200,
    ),
    ticks: Uint32Array.from({ length: 6000 }, (_, at) => at * 10),
    tickMs: 1,
  },
  1000,
);

describe('if things were different', () => {
  const asked = async (trace: Trace, ttlMs: number, jitter: number) => {
    const row = await rowOf(trace, { ttlMs, jitter });
    const answers = await whatIf(trace, QUESTION, row, simulating().measure);
    return { row, of: (change: string) => answers.find((one) => one.change === change)! };
  };

  test('objects that are read once are loaded twice as often when the traffic doubles, a hot one is not', async () => {
    const scan = generate({ kind: 'scan', requests: 1000, rate: 50, arrivals: 'constant' });
    const { row, of } = await asked(sized(scan, 1000), 10_000, 0.1);
    const double = of('the traffic doubles');
    expect(double.loadsPerSecond / row.loadsPerSecond).toBeCloseTo(2, 1);
    expect([of('as recommended').bearable, double.bearable]).toEqual([true, false]);
    const hot = { ...LOOP, ids: new Int32Array(6000), objects: 1 };
    const one = await asked(sized(hot, 1000), 10_000, 0);
    expect(one.row.loadsPerSecond).toBeCloseTo(0.1, 3);
    expect(one.of('the traffic doubles').loadsPerSecond).toBeCloseTo(0.1, 3);
  });

  test('200 copies of one moment are loaded again at 100 a second, the rate of the reads; ± 20 % of 10 s spread them to 50', async () => {
    const { of } = await asked(LOOP, 10_000, 0.2);
    expect(of('all copies are made at one moment, without jitter').peakSelectsPerSecond).toBe(100);
    const spread = of('all copies are made at one moment').peakSelectsPerSecond;
    expect(spread).toBeGreaterThan(40);
    expect(spread).toBeLessThan(75);
    expect(of('half the TTL').loadsPerSecond).toBeGreaterThan(
      1.5 * of('as recommended').loadsPerSecond,
    );
  });

  test('half the memory is asked where there is room below, and no defence where there is one', async () => {
    const { of } = await asked(LOOP, 10_000, 0);
    expect(of('half the memory').loadsPerSecond).toBe(of('as recommended').loadsPerSecond);
    expect(of('no stampede defence').loadsPerSecond).toBe(of('as recommended').loadsPerSecond);
    expect(of('all copies are made at one moment, without jitter')).toBeUndefined();
  });
});

describe('intervals', () => {
  test('10 stretches of Poisson reads, λT = 5, enclose 5/6 within 3 points; the loads too', async () => {
    const trace = sized(
      generate({ kind: 'uniform', objects: 50, requests: 20_000, rate: 100 }),
      1000,
    );
    const question = { ...QUESTION, loadMs: 0 };
    const row = await rowOf(trace, { ttlMs: 2500, jitter: 0 }, question);
    const found = await intervalsOf(trace, question, row, simulating().measure);
    const { hitRatio, loadsPerSecond } = found!;
    expect(hitRatio.low).toBeLessThan(5 / 6);
    expect(hitRatio.high).toBeGreaterThan(5 / 6);
    expect(hitRatio.high - hitRatio.low).toBeLessThan(0.06);
    expect(loadsPerSecond.low).toBeLessThan(100 / 6);
    expect(loadsPerSecond.high).toBeGreaterThan(100 / 6);
    expect(hitRatio.low).toBeLessThan(row.hitRatio);
    expect(hitRatio.high).toBeGreaterThan(row.hitRatio);
  });

  test('two stretches with reads, 49 hits of 50 and none of one, say next to nothing', async () => {
    const trace: Trace = sized(
      {
        ...readsOf(new Int32Array(51), 1),
        ticks: Uint32Array.from({ length: 51 }, (_, at) => (at === 50 ? 10_000 : 0)),
      },
      1000,
    );
    const question = { ...QUESTION, loadMs: 0 };
    const row = await rowOf(trace, { ttlMs: 2500, jitter: 0 }, question);
    const found = await intervalsOf(trace, question, row, simulating().measure);
    expect(found!.hitRatio).toEqual({ low: 0, high: 1 });
  });
});

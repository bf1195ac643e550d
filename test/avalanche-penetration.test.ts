import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Arm, Experiment } from '../lab/experiment.ts';
import type { Findings, TrialEvent } from '../lab/result.ts';
import { experiment as avalanche } from '../scenarios/avalanche/experiment.ts';
import { experiment as penetration } from '../scenarios/penetration/experiment.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

const STORES = 60;

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: STORES });
});

afterAll(() => trials.close());

const SHARED = {
  'foreign-cpu': 'the tests share the machine',
  'host-busy': 'the tests share the machine',
  'start-lag': 'the tests share the machine',
  'generator-cpu': 'the tests share the machine',
  dropped: 'the tests share the machine',
  'achieved-rate': 'the tests share the machine',
};

/** One trial of an arm, smaller than in a run. */
async function trialOf(
  experiment: Experiment,
  name: string,
  smaller: Pick<Partial<Arm>, 'overrides' | 'parameters'>,
  rates: { ratePerSecond: number; measureSeconds: number },
): Promise<{ findings: Findings; events: TrialEvent[] }> {
  const arm = experiment.arms.find((one) => one.name === name)!;
  const record = await trials.run({
    ...arm,
    overrides: { ...arm.overrides, ...smaller.overrides },
    parameters: { ...arm.parameters, ...smaller.parameters },
    load: {
      kind: 'open',
      arrivals: 'even',
      ratePerSecond: rates.ratePerSecond,
      expectedP99Ms: 1000,
      virtualUsers: 100,
    },
    experiment: experiment.name,
    protocol: experiment.protocol!,
    flagsAsMeasures: { ...experiment.flagsAsMeasures, ...SHARED },
    warmSeconds: 1,
    measureSeconds: rates.measureSeconds,
  });
  expect(invalidFlags(record)).toEqual([]);
  const { findings, events } = measurementOf(record);
  return { findings: findings!, events };
}

const pointsOf = (findings: Findings, name: string): number[] =>
  findings.series.find((one) => one.name === name)!.points.map(([, value]) => value);

describe('60 copies that were made together', () => {
  const smaller = { parameters: { stores: STORES, cliffSecond: 6 } };

  test('with a TTL of 60 s ± 10 % end one by one over 12 s, and are loaded again', async () => {
    const { findings } = await trialOf(
      avalanche,
      'jitter10',
      { ...smaller, overrides: { ttlMs: 60_000 } },
      { ratePerSecond: 60, measureSeconds: 7 },
    );
    const ends = pointsOf(findings, 'expiries');
    // 5 a second, seen for 7 of the 12 s: fewer than 15, or 17 in one second, come less than once in 10,000 trials.
    expect(ends.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...ends)).toBeLessThanOrEqual(16);
    expect(findings.totals['loads']).toBeGreaterThanOrEqual(10);
  });

  test('Redis that is killed for 1.5 s is back, and the database answered meanwhile', async () => {
    const { findings, events } = await trialOf(
      avalanche,
      'redis-gone',
      { parameters: { stores: STORES, killAtSecond: 1, backAtSecond: 2.5 } },
      { ratePerSecond: 60, measureSeconds: 4 },
    );
    expect(events.map(({ kind }) => kind)).toEqual(['fault', 'heal']);
    expect(findings.totals['outageReads']).toBeGreaterThan(60);
    expect(findings.totals['outageAnswered']).toBeGreaterThan(0);
    expect(findings.totals['loads']).toBeGreaterThan(STORES / 2);
  });
});

describe('a flood of 60 requests a second for absent stores', () => {
  const flood = (distinct: number) => ({ parameters: { floodPerSecond: 60, distinct } });
  const rates = { ratePerSecond: 10, measureSeconds: 3 };
  const perRequest = ({ totals }: Findings): number =>
    (totals['absentLookUps'] ?? 0) / (totals['absent'] ?? 0);

  test('notes answer all but the first requests for 3 slugs', async () => {
    const { findings } = await trialOf(penetration, 'negative-repeated', flood(3), rates);
    expect(perRequest(findings)).toBeLessThan(0.3);
    expect(findings.samples['visibleAfterMs']).toHaveLength(10);
    expect(findings.samples['unannouncedHiddenMs']?.[0]).toBeGreaterThan(290_000);
  });

  test('notes answer no random slug, and each leaves one of 100 to 250 bytes', async () => {
    const { findings } = await trialOf(penetration, 'negative-random', flood(0), rates);
    expect(perRequest(findings)).toBe(1);
    expect(findings.totals['noteKeys']).toBeGreaterThan(10);
    expect(findings.samples['bytesPerNote']?.[0]).toBeGreaterThan(100);
    expect(findings.samples['bytesPerNote']?.[0]).toBeLessThan(250);
  });
});

import { describe, expect, test } from 'vitest';
import type { Arm } from '../../lab/experiment.ts';
import type { Journal } from '../../lab/server-protocol.ts';
import { ARMS } from './arms.ts';
import { predictPeak } from './predict-avalanche.ts';
import { predictExpiries } from './predict-expiry.ts';
import { roundTripsBySecond, worksOf } from './round-trips.ts';

const armNamed = (name: string): Arm => ARMS.find((arm) => arm.name === name)!;

describe('loads per expiry', () => {
  const trial = { ratePerSecond: 25, loadsMs: [1000], firstLoadAtMs: 500, seconds: 24, seed: 1 };
  const predict = (name: string, change: Partial<typeof trial> = {}) =>
    predictExpiries({ arm: armNamed(name), ...trial, ...change })[0]?.runs ?? null;

  test('are 1 + λΔ = 26 without defence, to ± 15 % in a trial of 24 s', () => {
    const { mean, oneMoreHalfWidth } = predict('cached-open')!;
    expect(Math.abs(mean - 26)).toBeLessThan(1);
    expect(oneMoreHalfWidth / mean).toBeGreaterThan(0.05);
    expect(oneMoreHalfWidth / mean).toBeLessThan(0.15);
  });

  test.each(['lock-open-x4', 'lease-open'])('are 1 in every run under %s', (name) => {
    expect(predict(name, { ratePerSecond: 80 })).toMatchObject({ mean: 1, oneMoreHalfWidth: 0 });
  });

  test('are 4 under single-flight with 4 processes, and fewer where a process has no reader meanwhile', () => {
    expect(predict('single-flight-open-x4')!.mean).toBeCloseTo(4, 1);
    expect(predict('single-flight-open-x4', { ratePerSecond: 2 })!.mean).toBeLessThan(3.5);
  });

  test('are about e^(1/2) = 1.65 under XFetch with β = 2 at λβΔ = 14, to ± 15 %', () => {
    const { mean, oneMoreHalfWidth } = predict('xfetch-2-open', {
      ...{ ratePerSecond: 200, loadsMs: [34], seconds: 48 },
    })!;
    expect(mean).toBeGreaterThan(1.55);
    expect(mean).toBeLessThan(1.85);
    expect(oneMoreHalfWidth / mean).toBeLessThan(0.15);
  });

  test('are not predicted from a trial without a load', () => {
    expect(predict('cached-open', { loadsMs: [] })).toBeNull();
  });
});

describe('the highest second of an avalanche', () => {
  const predict = (name: string, change: object = {}) => {
    const stores = Number(armNamed(name).parameters?.['stores']);
    const [peak] = predictPeak({
      ...{ arm: armNamed(name), ratePerSecond: 340, tripsBySecond: [[15]], seconds: 12, seed: 1 },
      selectsOfPage: new Int32Array(stores).fill(26),
      ...change,
    });
    return peak?.runs ?? null;
  };

  test('is all that 50 connections do where 300 copies end at once: 3,095 SELECTs', () => {
    const { mean, oneMoreHalfWidth } = predict('flat-300')!;
    expect(Math.abs(mean / ((50 * 26) / (28 * 0.015)) - 1)).toBeLessThan(0.03);
    expect(oneMoreHalfWidth / mean).toBeLessThan(0.1);
  });

  test('is as high as the fastest second lets it: seconds of 14 and 16 ms give a band that holds both', () => {
    const { mean, oneMoreHalfWidth } = predict('flat-300', { tripsBySecond: [[14], [16]] })!;
    const most = (ms: number): number => (50 * 26) / (28 * (ms / 1000));
    expect(mean + oneMoreHalfWidth).toBeGreaterThan(most(14));
    expect(mean - oneMoreHalfWidth).toBeLessThan(most(16));
  });

  test.each(['jitter10-300', 'jitter10'])(
    'is less than two thirds of that where %s spreads the ends',
    (name) => {
      const { mean, oneMoreHalfWidth } = predict(name, { seconds: 20 })!;
      const perSecond = name === 'jitter10' ? 38.5 : 33.3;
      expect(mean).toBeGreaterThan(perSecond * 26);
      expect(mean).toBeLessThan((2 / 3) * 3095);
      expect(oneMoreHalfWidth / mean).toBeLessThan(0.3);
    },
  );

  test('is not predicted from a trial without a load', () => {
    expect(predict('flat-300', { tripsBySecond: [] })).toBeNull();
  });
});

describe('waits for a connection', () => {
  const journal = (
    rows: [startMs: number, endMs: number, selects: number][],
  ): Pick<Journal, 'loads'> => ({
    loads: {
      slug: rows.map(() => 0),
      startUs: rows.map(([ms]) => ms * 1000),
      endUs: rows.map(([, ms]) => ms * 1000),
      startedAtMs: rows.map(() => 0),
      selects: rows.map(([, , selects]) => selects),
      version: rows.map(() => 1),
      dishes: rows.map(() => []),
    },
  });

  test('follow from the order: the third of three with 2 connections begins when the first of the others ends', () => {
    const works = worksOf(
      journal([
        [0, 100, 8],
        [10, 60, 8],
        [20, 160, 8],
        [30, 1030, 0], // turned away
        [200, 300, 8],
      ]),
      2,
    );
    expect(works.map(({ beginUs }) => beginUs / 1000)).toEqual([0, 10, 60, 200]);
  });

  test('leave the time of a round trip: 8 SELECTs, BEGIN and COMMIT in 100 ms are 10 of 10 ms', () => {
    const rows = Array.from({ length: 12 }, (_, at): [number, number, number] => {
      const startMs = at * 50;
      return [startMs, startMs + (at % 2 === 0 ? 100 : 120), 8];
    });
    const works = worksOf(journal([...rows, [2000, 2200, 8]]), 50);
    const bySecond = roundTripsBySecond(works, { fromUs: 0, toUs: 3e6 });
    // The single load of second 2 does not tell how fast that second was.
    expect(bySecond).toHaveLength(1);
    expect(bySecond[0]!.slice(0, 2)).toEqual([10, 12]);
    expect(roundTripsBySecond(works, { fromUs: 1.5e6, toUs: 3e6 })).toEqual([[20]]);
    expect(roundTripsBySecond([], { fromUs: 0, toUs: 1 })).toEqual([]);
  });
});

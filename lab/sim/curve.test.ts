import { expect, test } from 'vitest';
import { generate } from '../../sim/generators/generate.ts';
import { curveNotes, curveRows } from './curve.ts';
import type { CurveOptions } from './options.ts';

const TRACE = generate({ kind: 'zipf', objects: 20_000, requests: 100_000 });
const OPTIONS: CurveOptions = {
  ...{ trace: null, generate: null, format: null, columns: null, sample: 1, limit: null },
  ...{ maxBad: null, keyBytes: null, seed: 1, policy: 'lru', points: 12, rate: 1, warm: 0.5 },
};
const of = (method: string, options: Partial<CurveOptions>) =>
  curveRows(TRACE, { ...OPTIONS, ...options }).filter((row) => row.method === method);

test('LRU is counted at 12 sizes from 1 to all objects and falls from size to size', () => {
  const rows = of('exact', {});
  expect(rows).toHaveLength(12);
  expect(rows[0]?.capacity).toBe(1);
  expect(rows.at(-1)?.capacity).toBe(TRACE.objects);
  const ratios = rows.map(({ missRatio }) => missRatio);
  expect(ratios).toEqual(ratios.toSorted((a, b) => b - a));
});

test('Che’s approximation lies within 2 % of the counted curve, which a sample of 10 % meets within 2 points', () => {
  const exact = of('exact', {});
  for (const { capacity, missRatio } of of('model', {})) {
    const counted = exact.find((row) => row.capacity === capacity)!.missRatio;
    expect(Math.abs(missRatio / counted - 1)).toBeLessThan(0.02);
  }
  const sampled = of('sampled', { rate: 0.1 });
  expect(sampled.length).toBeGreaterThan(0);
  for (const { capacity, missRatio, low, high } of sampled) {
    expect(
      Math.abs(missRatio - exact.find((row) => row.capacity === capacity)!.missRatio),
    ).toBeLessThan(0.02);
    expect(low).toBeLessThanOrEqual(missRatio);
    expect(high).toBeGreaterThanOrEqual(missRatio);
  }
});

test('a sample that cannot speak of any size is refused with a larger one', () => {
  expect(() => of('sampled', { rate: 0.001 })).toThrow(/too few for any size/);
  expect(curveNotes(TRACE, { ...OPTIONS, rate: 0.1 })[0]).toMatch(
    /^Estimated from 10 % of the objects/,
  );
});

test('a cold curve says that the model beside it knows no first requests', () => {
  expect(curveNotes(TRACE, { ...OPTIONS, warm: 0 })[0]).toMatch(
    /^Che’s approximation knows no first/,
  );
  expect(curveNotes(TRACE, OPTIONS)).toEqual([]);
});

test('a bound has no curve, and an unknown policy is told which there are', () => {
  expect(() => of('exact', { policy: 'belady' })).toThrow(/--policy belady has no curve here/);
  expect(() => of('exact', { policy: 'mru' })).toThrow(/--policy mru/);
});

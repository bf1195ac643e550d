import { expect, test } from 'vitest';
import { fifo } from '../policies/fifo.ts';
import { s3Fifo } from '../policies/s3-fifo.ts';
import { zipfTrace } from './fixtures/zipf.ts';
import { miniature } from './miniature.ts';
import { missRatios } from './points.ts';

const trace = zipfTrace(200_000, 40_000, 0.9, 2);
const half = trace.ids.length / 2;

test.each([fifo, s3Fifo])(
  '$name: 5 samples of 1/10 are within 0.5 points of the whole cache, cold and warm',
  (policy) => {
    for (const from of [0, half]) {
      const sizes = [2000, 6000, 12_000];
      const points = miniature(policy, trace, sizes, { rate: 0.1, samples: 5, from });
      const exact = missRatios(policy, trace, sizes, { from });
      for (const [at, { missRatio, low, high }] of points.entries()) {
        expect(Math.abs(missRatio - exact[at]!.missRatio)).toBeLessThan(0.005);
        expect(low).toBeLessThan(missRatio);
        expect(high).toBeGreaterThan(missRatio);
      }
      expect(points.map(({ slots }) => slots)).toEqual([200, 600, 1200]);
    }
  },
);

test('a point is usable from 100 slots in each sample, in bytes from 100 objects of the mean size', () => {
  const usable = (capacities: number[], bytes: Uint32Array | null): boolean[] =>
    miniature(fifo, { ...trace, bytes }, capacities, { rate: 0.1, samples: 4 }).map(
      (point) => point.usable,
    );
  expect(usable([900, 1000], null)).toEqual([false, true]);
  const thousand = new Uint32Array(trace.objects).fill(1000);
  expect(usable([900_000, 1_000_000], thousand)).toEqual([false, true]);
});

test('samples that take more than all objects, and fewer than 4 samples, are refused', () => {
  expect(() => miniature(fifo, trace, [100], { rate: 0.3, samples: 4 })).toThrow(
    'rate is 0.3, allowed: above 0, to 0.25',
  );
  expect(() => miniature(fifo, trace, [100], { rate: 0.1, samples: 3 })).toThrow('samples is 3');
});

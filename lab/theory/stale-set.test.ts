import { expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { poissonTimes } from './hit-ratio.ts';
import { staleSetsPerEdit } from './stale-set.ts';

/** One page, reader by reader; copies are deleted by edits and written by loads of constant length, one at a time. */
function simulated(rates: Parameters<typeof staleSetsPerEdit>[0]): number {
  const random = seededRandom('stale-set');
  const edits = poissonTimes(rates.editsPerSecond, 40_000, random);
  const reads = poissonTimes(rates.readsPerSecond, 40_000, random);
  let copy: { stale: boolean; counted: boolean } | null = null;
  let load: { beganAt: number; endsAt: number } | null = null;
  let edited = 0;
  let sets = 0;
  const lastEdit = (): number => edits[edited - 1] ?? Number.NEGATIVE_INFINITY;
  const finish = (now: number): void => {
    if (load === null || load.endsAt > now) return;
    copy = { stale: lastEdit() > load.beganAt, counted: false };
    load = null;
  };
  for (const now of reads) {
    for (; (edits[edited] ?? Infinity) <= now; edited += 1) {
      finish(edits[edited]!);
      copy = null;
    }
    finish(now);
    const kept = copy as { stale: boolean; counted: boolean } | null;
    if (kept === null) load ??= { beganAt: now, endsAt: now + rates.loadSeconds };
    else if (kept.stale && !kept.counted) {
      kept.counted = true;
      sets += 1;
    }
  }
  return sets / edits.length;
}

test.each([
  { editsPerSecond: 2, readsPerSecond: 50, loadSeconds: 0.17 },
  { editsPerSecond: 5, readsPerSecond: 50, loadSeconds: 0.3 },
  { editsPerSecond: 0.5, readsPerSecond: 20, loadSeconds: 0.9 },
])('stale sets per edit agree with a simulation within 3 % at %o', (rates) => {
  const ratio = staleSetsPerEdit(rates) / simulated(rates);
  expect(ratio).toBeGreaterThan(0.97);
  expect(ratio).toBeLessThan(1.03);
});

test('rare edits and short loads: the chance that a load is under way', () => {
  const rates = { editsPerSecond: 0.001, readsPerSecond: 1000, loadSeconds: 0.5 };
  expect(staleSetsPerEdit(rates)).toBeCloseTo(0.0005, 6);
});

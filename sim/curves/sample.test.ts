import { expect, test } from 'vitest';
import type { Trace } from '../trace.ts';
import { zipfTrace } from './fixtures/zipf.ts';
import { groupsOf, sampleObjects } from './sample.ts';

/** A trace whose tick and operation at each position, and whose bytes, tell which request and object they belong to. */
function labelled(requests: number, objects: number): Trace {
  const trace = zipfTrace(requests, objects, 0.8, 5);
  return {
    ...trace,
    ticks: Uint32Array.from({ length: requests }, (_, at) => at),
    bytes: Uint32Array.from({ length: trace.objects }, (_, id) => id),
    ops: Uint8Array.from({ length: requests }, (_, at) => at % 2),
  };
}

test('an object is in the sample with all of its requests, or not at all', () => {
  const whole = labelled(20_000, 2000);
  const { trace } = sampleObjects(whole, { rate: 0.2, seed: 1 });
  const taken = new Set(trace.bytes);
  const expected = Array.from(whole.ids.keys()).filter((at) => taken.has(whole.ids[at]!));
  expect(trace.objects).toBe(taken.size);
  expect([...trace.ticks!]).toEqual(expected);
  expect([...trace.ops!]).toEqual(expected.map((at) => at % 2));
  expect(Array.from(trace.ids, (id) => trace.bytes![id])).toEqual(
    expected.map((at) => whole.ids[at]),
  );
  // 400 of 2,000, standard deviation 18: four of them.
  expect(Math.abs(taken.size - 0.2 * whole.objects)).toBeLessThan(72);
});

test('four parts at a rate of 1/4 share no object and leave none out', () => {
  const whole = labelled(5000, 500);
  const parts = [0, 1, 2, 3].flatMap((part) => [
    ...sampleObjects(whole, { rate: 0.25, seed: 9, part }).trace.bytes!,
  ]);
  expect(parts.toSorted((a, b) => a - b)).toEqual(Array.from(whole.bytes!.toSorted()));
  expect(() => sampleObjects(whole, { rate: 0.25, seed: 9, part: 4 })).toThrow('part is 4');
});

test('seeds 1 and 2 choose independently: of 20,000 objects at a rate of 1/10 they share about 200', () => {
  const ids = Int32Array.from({ length: 20_000 }, (_, at) => at);
  const whole = {
    ...labelled(1, 1),
    ids,
    objects: 20_000,
    ticks: null,
    ops: null,
    bytes: Uint32Array.from(ids),
  };
  const taken = [1, 2].map((seed) => sampleObjects(whole, { rate: 0.1, seed }).trace.bytes!);
  const shared = taken[0]!.filter((id) => taken[1]!.includes(id)).length;
  expect(Math.abs(shared - 200)).toBeLessThan(60);
  // Nor is one sample the neighbours of the other.
  const neighbours = taken[0]!.filter((id) => taken[1]!.includes(id ^ 3)).length;
  expect(neighbours).toBeLessThan(260);
});

test('requests counted from a position on keep their place in the sample', () => {
  const whole = labelled(1000, 50);
  const { trace, from, requests } = sampleObjects(whole, { rate: 0.5, seed: 1, from: 600 });
  expect(requests).toBe(400);
  expect(trace.ticks![from - 1]).toBeLessThan(600);
  expect(trace.ticks![from]).toBeGreaterThanOrEqual(600);
});

test('a rate of 0 is refused, and a rate of 1 gives the trace itself', () => {
  const whole = labelled(100, 20);
  expect(() => sampleObjects(whole, { rate: 0, seed: 1 })).toThrow('rate is 0, allowed: above 0');
  expect(sampleObjects(whole, { rate: 1, seed: 1 }).trace).toEqual(whole);
});

test('10,000 objects fall into 10 groups of about 1,000', () => {
  const sizes = new Uint32Array(10);
  for (const group of groupsOf(10_000, 10, 4)) sizes[group] = sizes[group]! + 1;
  // Standard deviation 30: five of them.
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(150);
});

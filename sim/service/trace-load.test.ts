import { expect, test } from 'vitest';
import { simulateService } from './service.ts';
import { loadOfTrace } from './trace-load.ts';

const TRACE = {
  ids: Int32Array.from([0, 1, 0, 0, 1]),
  objects: 2,
  ticks: Uint32Array.from([0, 0, 0, 0, 3]),
  tickMs: 1000,
};

test('requests of one tick are spread over it', () => {
  expect(loadOfTrace(TRACE).arrivals).toEqual({
    kind: 'measured',
    timesMs: Float64Array.from([0, 250, 500, 750, 3000]),
  });
});

test('a trace of 2 pages drives the service: a page is loaded at its first request, then hit', () => {
  const { expiries, outcomes } = simulateService({
    ...loadOfTrace(TRACE),
    policy: { preset: 'cached' },
    load: { kind: 'whole', ms: { kind: 'fixed', ms: 100 }, selects: 3 },
    durationMs: 4000,
    seed: 1,
  });
  expect(expiries.map(({ key, loads }) => [key, loads])).toEqual([
    [0, 1],
    [1, 1],
  ]);
  expect(outcomes).toMatchObject({ miss: 2, hit: 3 });
});

test('a trace without times says nothing about when readers come', () => {
  expect(() => loadOfTrace({ ...TRACE, ticks: null })).toThrow(/ticks: null; needed/);
});

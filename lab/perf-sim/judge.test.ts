import { expect, test } from 'vitest';
import type { Reading } from './job.ts';
import type { TraceReadings } from './judge.ts';
import { judge } from './judge.ts';

const reading = (change: Partial<Reading> = {}): Reading => ({
  ...{ requests: 20_000_000, objects: 1_500_000, seconds: 1.3, readSeconds: 1 },
  ...{ misses: [100], points: [], peakBytes: 200e6 },
  ...change,
});

/** Two rounds in which every promise is kept. */
function good(change: Partial<TraceReadings> = {}): TraceReadings {
  const twice = (one: Partial<Reading>) => [reading(one), reading(one)];
  const peer = { seconds: 3, misses: [100], peakBytes: 600e6 };
  const eight = { misses: [8, 7, 6, 5, 4, 3, 2, 1] };
  const capacities = { misses: [100, 70, 50, 20] };
  const point = {
    capacity: 45_000,
    missRatio: 3e-6,
    low: 1e-6,
    high: 5e-6,
    slots: 450,
    usable: true,
  };
  return {
    ...{ name: 'zipf10', requests: 20_000_000, objects: 1_500_000 },
    cells: [0.01, 0.1].map((share) => ({
      ...{ policy: 'lru', share, capacity: 15_000, ours: twice({}), peer: [peer, peer] },
    })),
    sweeps: [
      {
        policy: 'lru',
        alone: twice({ ...eight, seconds: 3 }),
        shared: twice({ ...eight, seconds: 2.5 }),
        peer: [
          { ...peer, ...eight, seconds: 16 },
          { ...peer, ...eight, seconds: 17 },
        ],
      },
    ],
    interning: twice({}),
    byKeys: twice({}),
    curve: twice({ ...capacities, seconds: 2.5 }),
    sampled: twice({ seconds: 0.19, misses: [], points: [{ ...point, usable: false }, point] }),
    dense: twice({ seconds: 0.4, readSeconds: 0.1 }),
    ...change,
  };
}

const missedOf = (trace: TraceReadings): string[] =>
  judge(trace).flatMap(({ what, kept }) => (kept === false ? [what] : []));

test('where every promise is kept, none is called missed, and each line says its figures', () => {
  expect(missedOf(good())).toEqual([]);
  const lines = judge(good());
  expect(lines.find(({ what }) => what === 'lru at 10 %')).toEqual({
    what: 'lru at 10 %',
    figure: '15.4 (15.4–15.4) M/s end to end, kernel 66.7 (66.7–66.7)',
    ratio: '2.31 (2.31–2.31)',
    target: '>= 2: libcachesim’s speed',
    kept: true,
  });
  // A fifth of 8 readings of 1 s, and 2 s of kernels, are 3.6 s.
  expect(lines.find(({ target }) => target.includes('8 readings'))?.ratio).toBe(
    '0.694 (0.694–0.694)',
  );
});

test('a curve of more than twice a single run, and a sample of more than a fifth of the reading, are missed', () => {
  const misses = [100, 70, 50, 20];
  expect(
    missedOf(
      good({ curve: [reading({ misses, seconds: 2.7 }), reading({ misses, seconds: 2.8 })] }),
    ),
  ).toEqual(['LRU curve of all sizes, by keys']);
  const { sampled } = good();
  const slow = sampled.map((one) => ({ ...one, seconds: 0.21 }));
  expect(missedOf(good({ sampled: slow }))).toEqual(['the same from 1 % of the objects']);
});

test('a single process above 4 bytes a request, 64 an object and 100 MB is named with its peak', () => {
  // 80 + 96 + 100 MB are allowed.
  const dense = good().dense.map((one) => ({ ...one, peakBytes: 277e6 }));
  const lines = judge(good({ dense }));
  const line = lines.find(({ what }) => what === 'peak memory, one policy or curve');
  expect(line).toMatchObject({ figure: '277 MB of 276 MB (dense file)', kept: false });
});

test('a sample whose interval leaves the exact curve out is missed, unless the size is void', () => {
  const { sampled } = good();
  const narrow = (usable: boolean) =>
    sampled.map((one) => ({
      ...one,
      points: one.points.map((point) => ({ ...point, high: 3.4e-6, usable })),
    }));
  // 70 misses of 20 million are 3.5e-6.
  expect(missedOf(good({ sampled: narrow(true) }))).toEqual(['error of the sample']);
  expect(missedOf(good({ sampled: narrow(false) }))).toEqual([]);
});

test('a count that differs between rounds, threads, the curve or the peer is named', () => {
  const { cells, sweeps } = good();
  const [one, ten] = [cells[0]!, cells[1]!];
  const named = (change: Partial<TraceReadings>) =>
    judge(good(change)).flatMap(({ figure, kept }) => (kept === false ? [figure] : []));
  expect(
    named({ cells: [one, { ...ten, ours: [reading(), reading({ misses: [101] })] }] }),
  ).toEqual(['not: lru at 10 %, by keys, dense file']);
  expect(
    named({
      sweeps: [
        { ...sweeps[0]!, shared: sweeps[0]!.shared.map((run) => ({ ...run, misses: [1] })) },
      ],
    }),
  ).toEqual(['not: sweep of lru']);
  const peer = one.peer.map((run) => ({ ...run, misses: [99] }));
  expect(named({ cells: [{ ...one, peer }, ten] })).toEqual(['not: lru at 1 % (100 and 99)']);
});

test('a peer that is not beaten by enough is a miss at 10 % already from below 2, at 1 % from below 1.5', () => {
  const { cells } = good();
  const slower = cells.map((cell) => ({
    ...cell,
    peer: cell.peer.map((run) => ({ ...run, seconds: 1.9 * 1.3 })),
  }));
  expect(missedOf(good({ cells: slower }))).toEqual(['lru at 10 %']);
});

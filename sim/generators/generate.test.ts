import { expect, test } from 'vitest';
import type { Trace } from '../trace.ts';
import { OP } from '../trace.ts';
import { generate } from './generate.ts';
import type { TraceDescription } from './parameters.ts';
import { parseDescription } from './parameters.ts';

const made = (text: string): Trace => generate(parseDescription(text));

/** How often each object is asked for, the most asked for first. */
function counts({ ids, objects }: Trace): Uint32Array {
  const found = new Uint32Array(objects);
  for (const id of ids) found[id]! += 1;
  return found.toSorted((a, b) => b - a);
}

/** Every kind, with times, sizes and writes. */
const ALL = ['zipf:', 'uniform:', 'loop:', 'scan:', 'shifting:', 'mix:objects=100,', 'stores:'].map(
  (kind) => `${kind}requests=3000,rate=500,size=300,updates=0.03,updated=50`,
);

test.each(ALL)(
  '%s is the same again with its seed, and its ids are dense by first request',
  (text) => {
    const trace = made(text);
    expect(made(text)).toEqual(trace);
    const changed = { ...parseDescription(text), seed: 2 };
    expect(generate(changed).ticks).not.toEqual(trace.ticks);

    const firsts = trace.ids.filter((id, at) => trace.ids.indexOf(id) === at);
    expect([...firsts]).toEqual(Array.from(firsts, (_, at) => at));
    expect(trace.objects).toBe(firsts.length);
    expect(trace.bytes).toHaveLength(firsts.length);
    expect(trace.ops!.filter((op) => op === OP.read)).toHaveLength(3000);
    expect(trace.ticks!.every((tick, at) => at === 0 || tick >= trace.ticks![at - 1]!)).toBe(true);
  },
);

test('200,000 draws of Zipf 1 over 1,000 objects give the ranks 1, 10 and 100 their shares', () => {
  const found = counts(made('zipf:objects=1000,requests=200000'));
  const harmonic = Array.from({ length: 1000 }, (_, rank) => 1 / (rank + 1)).reduce(
    (a, b) => a + b,
  );
  for (const rank of [1, 10, 100]) {
    const wanted = 200_000 / (rank * harmonic);
    expect(Math.abs(found[rank - 1]! - wanted)).toBeLessThan(4 * Math.sqrt(wanted));
  }
});

test('exponent 0 is uniform, and so is uniform: 100,000 draws, 100 objects', () => {
  for (const text of ['zipf:exponent=0,', 'uniform:']) {
    const found = counts(made(`${text}objects=100,requests=100000`));
    // Pearson's chi-squared with 99 degrees of freedom: 149 is exceeded once in 1,000 times.
    expect(found.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(149);
  }
});

test('a loop goes round and a scan never meets an object twice', () => {
  expect([...made('loop:objects=3,requests=8').ids]).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
  expect(made('scan:requests=500').objects).toBe(500);
});

test('a hot set of 10 that moves on every 20 requests has met 59 objects after 1,000', () => {
  const trace = made('shifting:objects=1000,hot=10,hotShare=1,every=20,requests=1000');
  const distinct = (from: number): number => new Set(trace.ids.subarray(from, from + 20)).size;
  expect(trace.objects).toBeGreaterThan(50);
  expect(trace.objects).toBeLessThanOrEqual(59);
  for (let from = 0; from < 1000; from += 20) expect(distinct(from)).toBeLessThanOrEqual(10);
});

test('the mix is 70 % Zipf, 25 % loop and 5 % scan, in bursts of 4,096', () => {
  const bursts = 800;
  const { ids } = made(`mix:requests=${4096 * bursts},objects=50,loop=4096`);
  const uses = new Uint32Array(ids.length);
  for (const id of ids) uses[id]! += 1;
  const found = { zipf: 0, loop: 0, scan: 0 };
  for (let from = 0; from < ids.length; from += 4096) {
    // Of 64 requests for 50 objects some are for the same one, at the burst's beginning and at its end.
    const [head, tail] = [from, from + 4032].map((at) => new Set(ids.subarray(at, at + 64)).size);
    expect(head === 64).toBe(tail === 64);
    if (head !== 64) found.zipf += 1;
    else if (uses[ids[from]!] === 1) found.scan += 1;
    else found.loop += 1;
  }
  // Four standard deviations of a binomial draw.
  const within = (count: number, share: number): void =>
    expect(Math.abs(count / bursts - share)).toBeLessThan(
      4 * Math.sqrt((share * (1 - share)) / bursts),
    );
  within(found.zipf, 0.7);
  within(found.loop, 0.25);
  within(found.scan, 0.05);
});

test('constant arrivals at 500/s come every 2 ms; Poisson gaps have the mean and the deviation of 2 ms', () => {
  expect([...made('scan:requests=4,rate=500,arrivals=constant').ticks!]).toEqual([0, 2, 4, 6]);
  const { ticks } = made('scan:requests=50000,rate=5,arrivals=poisson');
  const gaps = Array.from(ticks!.subarray(1), (tick, at) => tick - ticks![at]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  expect(mean).toBeGreaterThan(196);
  expect(mean).toBeLessThan(204);
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
});

test('bursts of 50 come together, at the mean rate', () => {
  const { ticks } = made('scan:requests=50000,rate=100,arrivals=bursts,burst=50');
  expect(new Set(ticks).size).toBeLessThanOrEqual(1000);
  expect(ticks!.at(-1)! / 500_000).toBeCloseTo(1, 0);
});

test('a diurnal rate of amplitude 0.8 puts 9 times as many requests at its peak as at its trough', () => {
  const { ticks } = made('scan:requests=100000,rate=1000,arrivals=diurnal,amplitude=0.8,period=10');
  let peak = 0;
  let trough = 0;
  for (const tick of ticks!) {
    const phase = (tick % 10_000) / 10_000;
    if (Math.abs(phase - 0.25) < 0.02) peak += 1;
    if (Math.abs(phase - 0.75) < 0.02) trough += 1;
  }
  expect(peak / trough).toBeGreaterThan(8);
  expect(peak / trough).toBeLessThan(10);
  // Ten whole periods: the mean rate is as asked for.
  expect(ticks!.at(-1)! / 100_000).toBeCloseTo(1, 1);
});

test('200 objects with 0.5 updates a second meet 10,000 writes in 100 s, and the reads stay as they were', () => {
  const reads: TraceDescription = {
    kind: 'uniform',
    objects: 1000,
    requests: 20_000,
    rate: 200,
    arrivals: 'constant',
  };
  const updated = generate({ ...reads, updates: 0.5, updated: 200 });
  const writes = updated.ops!.filter((op) => op === OP.write).length;
  expect(Math.abs(writes - 10_000)).toBeLessThan(400);
  expect(new Set(updated.ids.filter((_, at) => updated.ops![at] === OP.write)).size).toBe(200);
  const isRead = (_: number, at: number): boolean => updated.ops![at] === OP.read;
  expect(updated.ticks!.filter(isRead)).toEqual(generate(reads).ticks);
  const plainIds = generate(reads).ids;
  // The same objects, though numbered with the writes among them.
  const renamed = new Map<number, number>();
  let same = 0;
  updated.ids.filter(isRead).forEach((id, at) => {
    const plain = plainIds[at]!;
    if ((renamed.get(id) ?? plain) === plain) same += 1;
    renamed.set(id, plain);
  });
  expect(same).toBe(20_000);
});

test('sizes have the median asked for and the spread of a lognormal', () => {
  const { bytes } = made('scan:requests=20000,size=1000,sigma=0.5');
  const sorted = bytes!.toSorted();
  expect(sorted[10_000]! / 1000).toBeCloseTo(1, 1);
  // One standard deviation above the median, at 84.13 %.
  expect(Math.log(sorted[16_827]! / 1000)).toBeCloseTo(0.5, 1);
});

test('stores are 1,000 pages with Poisson arrivals at 200 a second', () => {
  const trace = made('stores:requests=20000');
  expect(trace.objects).toBeLessThanOrEqual(1000);
  expect(trace.tickMs).toBe(1);
  expect(trace.ticks!.at(-1)! / 100_000).toBeCloseTo(1, 1);
});

test('without a rate a trace has no times, and without sizes and updates neither of them', () => {
  expect(made('uniform:requests=10')).toMatchObject({ ticks: null, bytes: null, ops: null });
});

test('a trace of more than 49.7 days is refused with what to change', () => {
  expect(() => made('scan:requests=10000,rate=0.001')).toThrow(/49\.7 days.*higher rate/);
});

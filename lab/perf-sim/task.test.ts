import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nextUses } from '../../sim/trace.ts';
import { readTrace } from '../traces/read.ts';
import { writeLargeTrace } from './large-trace.ts';
import { writeRecipe } from './recipes.ts';
import { spreadKeys } from './spread.ts';
import { measure } from './task.ts';

const REQUESTS = 40_000;
let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cachelab-perf-sim-'));
  path = join(folder, 'zipf10.oracleGeneral');
  await writeRecipe({ kind: 'generated', name: 'zipf10', requests: REQUESTS }, path);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A worker compiles what it runs: seconds on a busy machine. */
const WITH_WORKERS = { timeout: 60_000 };

test(
  'single caches, two threads, the curve and the dense file count the same misses',
  WITH_WORKERS,
  async () => {
    const question = { path, capacities: [30, 300] };
    const policy = 'lru';
    const single = await measure({ kind: 'caches', policy, threads: 1, ...question });
    expect(single.requests).toBe(REQUESTS);
    expect(single.misses[0]).toBeGreaterThan(single.misses[1]!);
    expect(single.misses[1]).toBeGreaterThan(single.objects);
    const { misses } = single;
    expect(await measure({ kind: 'caches', policy, threads: 2, ...question })).toMatchObject({
      misses,
    });
    expect(await measure({ kind: 'curve', ...question })).toMatchObject({ misses });
    const dense = { kind: 'dense', policy, folder, ...question } as const;
    await expect(measure({ ...dense, kept: true })).rejects.toThrow(/was not used/);
    expect(await measure({ ...dense, kept: false })).toMatchObject({ misses });
    expect(await measure({ ...dense, kept: true })).toMatchObject({ misses });
  },
);

test('a sample is of all requests, and interning sees all objects', async () => {
  const { objects } = (await readTrace(path)).report;
  const interning = await measure({ kind: 'interning', path });
  expect(interning).toMatchObject({ requests: REQUESTS, objects });
  expect(interning.seconds).toBeLessThanOrEqual(interning.readSeconds);
  const question = { path, capacities: [30, 1500], rate: 0.5 };
  const sampled = await measure({ kind: 'sampled', ...question });
  expect(sampled.requests).toBe(REQUESTS);
  expect(sampled.objects).toBeLessThan(0.6 * objects);
  expect(sampled.points.map(({ usable }) => usable)).toEqual([false, true]);
  const limited = await measure({ kind: 'sampled', ...question, limit: 1000 });
  expect(limited.requests).toBe(1000);
});

test('a copy of 30,000 requests has the same objects in the same order at the same times', async () => {
  const mix = join(folder, 'mix.oracleGeneral');
  await writeRecipe({ kind: 'generated', name: 'mix', requests: REQUESTS }, mix);
  const copy = join(folder, 'copy.oracleGeneral');
  await writeRecipe({ kind: 'copied', from: mix, requests: 30_000 }, copy);
  const { trace } = await readTrace(mix, { times: true });
  const copied = await readTrace(copy, { times: true });
  expect(copied.trace.ids).toEqual(trace.ids.subarray(0, 30_000));
  expect(copied.trace.ticks!.at(-1)).toBe(29);
});

test('keys are spread as splitmix64 does it, none twice', () => {
  const keys = new BigUint64Array(spreadKeys(1000).buffer);
  expect(keys[0]).toBe(0xe220_a839_7b1d_cdafn);
  expect(keys[1]).toBe(0x6e78_9e6a_a1b9_65f4n);
  expect(new Set(keys).size).toBe(1000);
});

test('a large trace of 300,000 requests, written from its end, has its records in order and knows each next request', async () => {
  const large = join(folder, 'large.oracleGeneral');
  const requests = 300_000;
  await writeLargeTrace(large, { requests, objects: 5000, seed: 1 });
  const { trace, report } = await readTrace(large, { times: true });
  expect(report).toMatchObject({ format: 'oracleGeneral', requests, timesHeld: 0 });
  expect(report.spanSeconds).toBe(299);
  // The hottest of 5,000 objects under Zipf(1.0) gets 1 / H(5000) = 11 % of the requests.
  const counts = new Uint32Array(trace.objects);
  for (const id of trace.ids) counts[id]! += 1;
  expect(Math.max(...counts) / requests).toBeCloseTo(0.11, 2);
  const file = await readFile(large);
  const records = new Int32Array(file.buffer, file.byteOffset, file.length / 4);
  const next = nextUses(trace);
  const wrong = next.findIndex(
    (later, at) => records[6 * at + 4] !== (later === 2 ** 31 - 1 ? -1 : later),
  );
  expect(wrong).toBe(-1);
});

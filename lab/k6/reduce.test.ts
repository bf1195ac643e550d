import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredHistogram } from '../result.ts';
import { mergeHistograms } from '../stats/histogram.ts';
import { plainQuantileMs } from '../stats/quantile.ts';
import summary from './fixtures/pages.summary.json' with { type: 'json' };
import { readRaw } from './raw.ts';
import type { RawRequest } from './raw.ts';
import { reduceK6, serviceMs } from './reduce.ts';
import type { LoadDesign, Reduction } from './reduce.ts';

// Recorded with k6 1.8.1: 60 pages/s, 1 s warm-up and 3 s measured, each 40th page a 503, 2 updates/s.
const RECORDED = fileURLToPath(new URL('./fixtures/pages.json.gz', import.meta.url));
const DESIGN: LoadDesign = { measureSeconds: 3, ratePerSecond: 60, arrivals: 'even' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachelab-reduce-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of k6's with these lines. */
function fileOf(lines: readonly string[], end = '\n'): string {
  const file = join(folder, 'samples.json');
  writeFileSync(file, lines.join('\n') + end);
  return file;
}

/** The samples of one request, as k6 writes them. */
function samples(
  endMs: number,
  request: {
    serviceMs: number;
    blockedMs?: number;
    connectingMs?: number;
    status?: number;
    name?: string;
    phase?: string;
  },
): string[] {
  const { blockedMs = 0, connectingMs = 0, status = 200 } = request;
  const { name = 'page', phase = 'measure' } = request;
  const time = new Date(endMs).toISOString();
  const tags = {
    name,
    phase,
    scenario: name === 'page' ? 'pages' : 'updates',
    status: `${status}`,
  };
  return Object.entries({
    http_reqs: 1,
    http_req_duration: request.serviceMs - blockedMs,
    http_req_blocked: blockedMs,
    http_req_connecting: connectingMs,
    http_req_failed: status === 200 ? 0 : 1,
  }).map(([metric, value]) =>
    JSON.stringify({ metric, type: 'Point', data: { time, value, tags } }),
  );
}

function counter(
  metric: string,
  endMs: number,
  value: number,
  tags: Record<string, string>,
): string {
  const time = new Date(endMs).toISOString();
  return JSON.stringify({ metric, type: 'Point', data: { time, value, tags } });
}

function find(reduction: Reduction, wanted: Partial<StoredHistogram>): StoredHistogram | undefined {
  return reduction.histograms.find(
    (one) =>
      one.second === wanted.second &&
      one.metric === (wanted.metric ?? 'response') &&
      one.request === (wanted.request ?? 'page') &&
      one.outcome === (wanted.outcome ?? 'all'),
  );
}

function quantile(stored: StoredHistogram | undefined, q: number): number {
  return plainQuantileMs(mergeHistograms([stored!.hdr]), q)!;
}

describe('a recording of k6', () => {
  test("gives k6's own median, p90, p99 and extremes to the last digit, from its single samples", async () => {
    const durations: number[] = [];
    await readRaw(RECORDED, {
      request(request) {
        if (request.name === 'page' && request.phase === 'measure') {
          durations.push(request.durationMs);
        }
      },
      count() {},
    });
    durations.sort((a, b) => a - b);
    // k6 interpolates between neighbours.
    const k6Quantile = (q: number): number => {
      const at = q * (durations.length - 1);
      const below = durations[Math.floor(at)]!;
      return below + (durations[Math.ceil(at)]! - below) * (at - Math.floor(at));
    };
    const { http_req_duration: k6 } = summary;
    expect(durations).toHaveLength(summary.http_reqs);
    expect(k6Quantile(0)).toBe(k6.min);
    expect(k6Quantile(0.5)).toBeCloseTo(k6.med, 9);
    expect(k6Quantile(0.9)).toBeCloseTo(k6['p(90)'], 9);
    expect(k6Quantile(0.99)).toBeCloseTo(k6['p(99)'], 9);
    expect(k6Quantile(1)).toBe(k6.max);
  });

  test('becomes histograms whose quantiles are those of the answered pages within 0.1 %', async () => {
    const exact: number[] = [];
    await readRaw(RECORDED, {
      request(request) {
        if (request.name === 'page' && request.phase === 'measure' && request.status === 200) {
          exact.push(serviceMs(request));
        }
      },
      count() {},
    });
    exact.sort((a, b) => a - b);
    const service = find(await reduceK6(RECORDED, DESIGN), { metric: 'service' });
    expect(service!.count).toBe(exact.length);
    for (const q of [0.01, 0.5, 0.9, 0.99, 1]) {
      const truth = exact[Math.ceil(q * exact.length) - 1]!;
      expect(Math.abs(quantile(service, q) - truth)).toBeLessThanOrEqual(truth * 0.001 + 0.0015);
    }
  });

  test('gives counts, outcomes, bytes and updates as k6 and the server counted them', async () => {
    const reduction = await reduceK6(RECORDED, DESIGN);
    expect(reduction.counts).toEqual({
      offered: 181, // one more than 60/s x 3 s: the arrival at the very end
      started: 181,
      completed: 181,
      failed: 5,
      shed: 5,
      dropped: 0,
      scriptErrors: 0,
      newConnections: 0,
      bytesReceived: summary.data_received,
    });
    expect(reduction.clientOutcomes).toEqual({ hit: 163, miss: 13 });
    expect(reduction.events).toHaveLength(6);
    expect(reduction.events[0]).toMatchObject({ kind: 'price-update', label: 'price update' });
    expect(reduction).toMatchObject({ truncated: false, unreadable: 0 });
    const { startMs, endMs, lastAnswerMs } = reduction.window!;
    expect(endMs - startMs).toBe(3000);
    expect(lastAnswerMs - startMs).toBeGreaterThan(2950);
  });

  test('keeps the failed pages out of the response times, and in a histogram of their own', async () => {
    const reduction = await reduceK6(RECORDED, DESIGN);
    expect(find(reduction, {})!.count).toBe(176);
    expect(find(reduction, { outcome: 'error' })!.count).toBe(5);
    const seconds = reduction.histograms.filter((one) => one.second !== undefined);
    expect(seconds.map((one) => one.second)).toEqual([0, 1, 2]);
    expect(seconds.reduce((sum, one) => sum + one.count, 0)).toBe(176);
  });

  test('never measures a request longer than the iteration that made it, though connecting is part of blocked', async () => {
    const requests: RawRequest[] = [];
    await readRaw(RECORDED, {
      request: (request) => requests.push(request),
      count() {},
    });
    const iterations = gunzipSync(readFileSync(RECORDED))
      .toString('utf8')
      .split('\n')
      .flatMap((line) => {
        const found =
          /^{"metric":"iteration_duration".*"time":"(.*?)(\.\d+)Z","value":([\d.]+)/.exec(line);
        if (found === null) return [];
        return [
          { endMs: Date.parse(`${found[1]}Z`) + 1000 * Number(found[2]), ms: Number(found[3]) },
        ];
      });
    const fresh = requests.filter((request) => request.connectingMs > 0);
    expect(fresh.length).toBeGreaterThan(10);
    for (const request of fresh) {
      expect(request.blockedMs).toBeGreaterThanOrEqual(request.connectingMs);
      // Its iteration is the one that ended next; at 60/s there is no other so near.
      const iteration = iterations.find((one) => one.endMs >= request.endMs)!;
      expect(serviceMs(request)).toBeLessThan(iteration.ms);
    }
  });

  test.each([
    ['its gzip stream', (gzip: Buffer) => gzip.subarray(0, gzip.length * 0.6)],
    ['a line', (gzip: Buffer) => gzipSync(gunzipSync(gzip).subarray(0, 400_000))],
  ])('cut off in the middle of %s is read as far as it goes, and reported', async (_, cut) => {
    const file = join(folder, 'cut.json.gz');
    writeFileSync(file, cut(readFileSync(RECORDED)));
    const reduction = await reduceK6(file, DESIGN);
    expect(reduction.truncated).toBe(true);
    expect(reduction.unreadable).toBe(0);
    expect(reduction.counts.started).toBeGreaterThan(20);
    expect(reduction.counts.started).toBeLessThan(181);
  });

  test('that does not exist is an error that says so', async () => {
    await expect(reduceK6(join(folder, 'none.json.gz'), DESIGN)).rejects.toMatchObject({
      code: 'E_K6_OUTPUT_MISSING',
    });
  });
});

describe('made-up samples', () => {
  const T0 = Date.UTC(2026, 0, 1);

  test('response counts from the scheduled start: 10 requests held up by 500 ms', async () => {
    // 100/s; k6 starts slots 10 to 19 together at 690 ms, so slot 10 waited 590 ms before it started.
    const lines = Array.from({ length: 100 }, (_, slot) => {
      const start = slot >= 10 && slot < 70 ? Math.max(690, slot * 10) : slot * 10;
      return samples(T0 + start + 5, { serviceMs: 5 });
    }).flat();
    const design: LoadDesign = { measureSeconds: 1, ratePerSecond: 100, arrivals: 'even' };
    const even = await reduceK6(fileOf(lines), design);
    expect(quantile(find(even, {}), 1)).toBeCloseTo(595, 0);
    expect(quantile(find(even, { metric: 'service' }), 1)).toBeCloseTo(5, 1);
    expect(quantile(find(even, { metric: 'startLag' }), 1)).toBeCloseTo(590, 0);
    expect(even.window!.startMs).toBeCloseTo(T0, 1);
    for (const arrivals of ['poisson', 'closed'] as const) {
      const other = await reduceK6(fileOf(lines), { ...design, arrivals });
      expect(quantile(find(other, {}), 1)).toBeCloseTo(5, 1);
      expect(find(other, { metric: 'startLag' })).toBeUndefined();
    }
  });

  test('a dropped arrival keeps its place in the schedule, so that those after it are not late', async () => {
    const tags = { scenario: 'pages' };
    const lines = Array.from({ length: 50 }, (_, slot) =>
      slot >= 20 && slot < 30
        ? [counter('dropped_iterations', T0 + slot * 20, 1, tags)]
        : samples(T0 + slot * 20 + 5, { serviceMs: 5 }),
    ).flat();
    const warmUpDrop = counter('dropped_iterations', T0 - 500, 1, tags);
    const updateDrop = counter('dropped_iterations', T0 + 500, 1, { scenario: 'updates' });
    const reduction = await reduceK6(fileOf([warmUpDrop, updateDrop, ...lines]), {
      measureSeconds: 1,
      ratePerSecond: 50,
      arrivals: 'even',
    });
    expect(reduction.counts).toMatchObject({ offered: 50, started: 40, dropped: 10 });
    expect(quantile(find(reduction, { metric: 'startLag' }), 1)).toBeLessThan(0.1);
  });

  test('answers of each kind are counted once, in the measured phase only', async () => {
    const lines = [
      samples(T0 - 100, { serviceMs: 5, phase: 'warm' }),
      samples(T0 + 10, { serviceMs: 5, blockedMs: 2, connectingMs: 1.5 }),
      samples(T0 + 20, { serviceMs: 5, status: 503 }),
      samples(T0 + 30, { serviceMs: 5, status: 500 }),
      samples(T0 + 40, { serviceMs: 5, status: 304 }),
      samples(T0 + 50, { serviceMs: 0, status: 0 }),
      samples(T0 + 60, { serviceMs: 5, status: 500, name: 'update' }),
      [
        counter('page_outcome', T0, 1, { phase: 'measure', outcome: 'hit' }),
        counter('page_outcome', T0, 1, { phase: 'measure', outcome: 'none' }),
        counter('page_outcome', T0, 1, { phase: 'warm', outcome: 'hit' }),
        counter('script_errors', T0 - 50, 1, { phase: 'warm', scenario: 'pages' }),
        counter('script_errors', T0, 1, { phase: 'measure', scenario: 'updates' }),
        counter('vus', T0, 3, {}),
      ],
    ].flat();
    const reduction = await reduceK6(fileOf(lines), {
      measureSeconds: 1,
      ratePerSecond: null,
      arrivals: 'closed',
    });
    expect(reduction.counts).toMatchObject({
      offered: 5,
      started: 5,
      completed: 4,
      failed: 3,
      shed: 1,
      scriptErrors: 2,
      newConnections: 1,
    });
    expect(reduction.clientOutcomes).toEqual({ hit: 1 });
    expect(reduction.events.map((event) => event.label)).toEqual(['price update failed (500)']);
    expect(find(reduction, {})!.count).toBe(2);
  });

  test('without a measured request there is no window and no histogram, and every drop counts', async () => {
    const reduction = await reduceK6(
      fileOf([counter('dropped_iterations', T0, 7, { scenario: 'pages' })]),
      DESIGN,
    );
    expect(reduction.window).toBeNull();
    expect(reduction.histograms).toEqual([]);
    expect(reduction.counts).toMatchObject({ offered: 180, started: 0, completed: 0, dropped: 7 });
  });

  test('lines that are not of k6, and a request without its duration, are reported as unreadable', async () => {
    const [head, , ...tail] = samples(T0, { serviceMs: 5 });
    const lines = ['so long', ...samples(T0, { serviceMs: 5 }), head!, ...tail];
    const whole = await reduceK6(fileOf([...lines, ...samples(T0, { serviceMs: 5 })]), DESIGN);
    expect(whole.unreadable).toBeGreaterThanOrEqual(2);
    expect(whole.counts.started).toBe(2);
    expect(whole.truncated).toBe(false);
    const cut = await reduceK6(fileOf(samples(T0, { serviceMs: 5 }), ''), DESIGN);
    expect(cut).toMatchObject({ truncated: true, unreadable: 0 });
  });
});

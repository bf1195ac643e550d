import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPERIMENTS } from '../lab/experiments.ts';
import type { Load } from '../lab/experiment.ts';
import { type RawRequest, readRaw } from '../lab/k6/raw.ts';
import { reduceK6, serviceMs } from '../lab/k6/reduce.ts';
import { runK6 } from '../lab/k6/run.ts';
import { responseMs } from '../lab/measures.ts';
import { freePort } from '../lab/provision/ports.ts';
import { createSupervisor, type Supervisor } from '../lab/provision/supervisor.ts';
import type { Measurement } from '../lab/result.ts';
import { mergeHistograms } from '../lab/stats/histogram.ts';
import { plainQuantileMs } from '../lab/stats/quantile.ts';
import { testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

// Whether a trial is valid depends on the neighbours too. So each test asks for the flag of its own fault, and the first test
// asks that a sound trial has none of them.

let trials: Trials;
beforeAll(async () => {
  trials = await openTrials();
});
afterAll(() => trials.close());

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

const open = (ratePerSecond: number, virtualUsers: number): Load => ({
  kind: 'open',
  ratePerSecond,
  arrivals: 'even',
  expectedP99Ms: 100,
  virtualUsers,
});

const MODEST = open(20, 20);

/** The same trial without a fault: what it says is said of every trial. */
test('a sound trial at 20/s has no flag of a fault, and every witness counts the same', async () => {
  const record = await trials.run({ load: MODEST });
  const flags = invalidFlags(record);
  const machine = ['foreign-cpu', 'host-busy', 'start-lag', 'generator-cpu'];
  expect(flags.filter((flag) => !machine.includes(flag))).toEqual([]);
  const { counts, server, clientOutcomes } = measurementOf(record);
  expect(counts).toMatchObject({ failed: 0, dropped: 0, scriptErrors: 0 });
  expect(counts.completed).toBeGreaterThanOrEqual(20);
  expect(server.requests).toBe(counts.completed);
  expect(clientOutcomes).toEqual({ bypass: counts.completed });
  expect(server.selects).toBe(counts.completed);
});

describe('what k6 alone would call a success is invalid', () => {
  test('every request is refused: k6 ends with 0 and a p99 of 0 ms', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const record = await trials.run({ load: MODEST }, { load: { baseUrl, baseUrls: [baseUrl] } });
    expect(record.state).toBe('invalid');
    expect(invalidFlags(record)).toEqual(
      expect.arrayContaining(['server-down', 'no-samples', 'errors']),
    );
    const { counts } = measurementOf(record);
    // Nearly 20: a k6 that is late at the end of its schedule leaves out the last arrivals.
    expect(counts.started).toBeGreaterThan(15);
    expect(counts.completed).toBe(0);
  });

  test('the server dies in the middle of the trial', async () => {
    const record = await trials.run(
      { load: MODEST },
      { onK6: ({ pid }) => process.kill(pid, 'SIGKILL') },
    );
    expect(record).toMatchObject({ state: 'failed', error: expect.stringMatching(/demo server/) });
  });

  test('an arm that is to show hits has none', async () => {
    // The policy without a cache, declared to be primed.
    const record = await trials.run({ load: MODEST, cache: 'prime' });
    expect(record.state).toBe('invalid');
    const flags = invalidFlags(record);
    expect(flags).toContain('no-samples');
    expect(flags).toContain('wrong-state');
    expect(JSON.stringify(record)).toContain('no page with the expected outcome \\"hit\\"');
  });

  test('the script throws in each iteration, after a good answer', async () => {
    const record = await trials.run({ load: MODEST }, { script: fixture('throws.ts') });
    expect(record.state).toBe('invalid');
    expect(invalidFlags(record)).toEqual(expect.arrayContaining(['script-errors', 'k6-error-log']));
    expect(measurementOf(record).counts.failed).toBe(0);
  });

  test('the script throws in 1 of 20 iterations, and no experiment may excuse it', async () => {
    const record = await trials.run(
      { load: MODEST, flagsAsMeasures: { 'script-errors': 'a test', 'k6-error-log': 'a test' } },
      { script: fixture('throws-guarded.ts') },
    );
    expect(invalidFlags(record)).toContain('script-errors');
    expect(measurementOf(record).counts.scriptErrors).toBeGreaterThanOrEqual(1);
  });

  test('pages of 230 ms and quick refusals: the refusals invalidate, and do not lower the median', async () => {
    const record = await trials.run(
      {
        load: open(40, 60),
        policy: 'uncached',
        expects: { selectsPerLoad: 114 },
        dbLatency: '2',
        measureSeconds: 2,
      },
      { serverEnvironment: { CACHELAB_DB_POOL: '2', CACHELAB_DB_MAX_WAIT_MS: '1' } },
    );
    expect(record.state).toBe('invalid');
    expect(invalidFlags(record)).toContain('errors');
    const measurement = measurementOf(record);
    // More refusals than pages: mixed with them, the median would be a refusal's.
    expect(measurement.counts.shed).toBeGreaterThan(measurement.counts.started / 2);
    expect(quantile(measurement, 'all', 0.5)).toBeGreaterThanOrEqual(116 * 2);
    expect(quantile(measurement, 'error', 0.5)).toBeLessThan(quantile(measurement, 'all', 0.5));
  });

  test('2 virtual users for 200/s: arrivals are dropped, and the p99 among them is not a number', async () => {
    const record = await trials.run({ load: open(200, 2), dbLatency: '20', warmSeconds: 0 });
    expect(record.state).toBe('invalid');
    expect(invalidFlags(record)).toEqual(expect.arrayContaining(['dropped', 'achieved-rate']));
    const measurement = measurementOf(record);
    expect(measurement.counts.dropped).toBeGreaterThan(100);
    expect(quantile(measurement, 'all', 0.99)).toBeGreaterThan(0);
    expect(responseMs('p99Ms', 0.99, '').read(measurement)).toBeNull();
  });
});

test('a neighbour that keeps every core busy is named as foreign CPU', async () => {
  const neighbours = busyNeighbours(2);
  try {
    // They are the fault: without one the trial would be made twice, and they do not live that long.
    const record = await trials.run({ load: MODEST, measureSeconds: 2 }, {});
    expect(record.state).toBe('invalid');
    expect(invalidFlags(record)).toContain('foreign-cpu');
    expect(measurementOf(record).cpu.foreignShare).toBeGreaterThan(0.15);
  } finally {
    for (const pid of neighbours) process.kill(pid, 'SIGKILL');
  }
});

test('a server that stands still for 2 s of 10 at 500/s shows a p99 above 1,500 ms', async () => {
  const experiment = EXPERIMENTS.find((one) => one.name === 'coordinated-omission')!;
  const arm = experiment.arms.find((one) => one.name === 'open')!;
  const record = await trials.run({
    ...arm,
    load: arm.load!,
    warmSeconds: 2,
    measureSeconds: 10,
    flagsAsMeasures: experiment.flagsAsMeasures,
  });
  const measurement = measurementOf(record);
  expect(measurement.events.map((event) => event.kind)).toEqual(['freeze', 'thaw']);
  expect(measurement.counts.completed).toBeGreaterThan(4900);
  expect(quantile(measurement, 'all', 0.99)).toBeGreaterThan(1500);
  // A fifth of the arrivals waited, 1 s on average.
  expect(quantile(measurement, 'all', 0.9)).toBeGreaterThan(500);
}, 90_000);

test('a freeze that did not come about, because the script did not say when to begin, is a wrong state', async () => {
  const record = await trials.run(
    { load: MODEST, freeze: { atSecond: 0.2, seconds: 0.2 } },
    { script: fixture('silent.ts') },
  );
  expect(invalidFlags(record)).toContain('wrong-state');
});

describe('a connection that takes a second to open', () => {
  let supervisor: Supervisor;
  let target: ChildProcess;
  beforeAll(async () => {
    const { root } = await testStack();
    supervisor = createSupervisor({ root, label: 'test target', handleSignals: false });
  });
  afterAll(() => supervisor.stopAll());

  test('is part of the response time, though k6 leaves it out of the duration', async () => {
    const { k6Bin } = await testStack();
    const frozen = supervisor.spawn('target', process.execPath, [fixture('slow-accept.mjs')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    target = frozen.child;
    const [port]: unknown[] = await once(target.stdout!, 'data');
    const outFile = join(supervisor.runFolder, 'k6.json.gz');
    frozen.freeze();
    const running = runK6({
      bin: k6Bin,
      script: join(import.meta.dirname, '../scenarios/latency/load.ts'),
      settings: {
        baseUrl: `http://127.0.0.1:${String(port).trim()}`,
        path: '/',
        update: null,
        arrivals: 'even',
        ratePerSecond: 20,
        virtualUsers: 60,
        warmSeconds: 0,
        measureSeconds: 2,
        countOutcomes: false,
      },
      outFile,
      supervisor,
      onMeasureBegins: () => {
        void sleep(500).then(() => frozen.thaw());
      },
    });
    expect((await running).exitCode).toBe(0);
    const requests: RawRequest[] = [];
    await readRaw(outFile, { request: (one) => requests.push(one), count: () => undefined });
    const slow = requests.filter((one) => one.connectingMs > 900);
    expect(slow.length).toBeGreaterThan(0);
    const slowest = slow.reduce((most, one) => Math.max(most, serviceMs(one)), 0);
    expect(slowest).toBeGreaterThan(900);
    const { histograms } = await reduceK6(outFile, {
      measureSeconds: 2,
      ratePerSecond: 20,
      arrivals: 'even',
    });
    const whole = histograms.find((one) => one.metric === 'response' && one.second === undefined)!;
    expect(plainQuantileMs(mergeHistograms([whole.hdr]), 1)).toBeGreaterThan(slowest * 0.99);
  });
});

function quantile(measurement: Measurement, outcome: 'all' | 'error', q: number): number {
  const stored = measurement.histograms.find(
    (one) =>
      one.metric === 'response' &&
      one.request === 'page' &&
      one.outcome === outcome &&
      one.second === undefined,
  );
  return plainQuantileMs(mergeHistograms([stored!.hdr]), q)!;
}

/** Busy loops that are nobody's children here (the lab counts its own as its own); they end by themselves after 60 s. */
function busyNeighbours(count: number): number[] {
  const loop = 'const end = Date.now() + 60000; while (Date.now() < end);';
  return Array.from({ length: count }, () => {
    const pid = execFileSync(
      'sh',
      ['-c', '"$0" -e "$1" > /dev/null 2>&1 & echo $!', process.execPath, loop],
      { encoding: 'utf8' },
    );
    return Number(pid);
  });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cpuBetween, startCpuSampler } from '../lab/cpu.ts';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import type { Flag } from '../lab/result.ts';
import { mergeHistograms } from '../lab/stats/histogram.ts';
import { plainQuantileMs, quantileMs } from '../lab/stats/quantile.ts';
import { judgeTrial } from '../lab/validity.ts';
import { drive, startTarget } from './k6/load-tester.ts';
import type { Driven, Target } from './k6/load-tester.ts';
import { testStack } from './stack.ts';

// What follows are situations in which k6 itself ends with exit code 0, or in which a load generator shows a latency
// that no user would see. Real k6, a real server; the lab has to notice.

let supervisor: Supervisor;
let k6Bin: string;
let target: Target | null = null;

beforeAll(async () => {
  const stack = await testStack();
  k6Bin = stack.k6Bin;
  supervisor = createSupervisor({ root: stack.root, label: 'k6-validity', onEvent: () => {} });
});
afterEach(async () => {
  await target?.process.stop(0);
  target = null;
});
afterAll(() => supervisor.stopAll());

function invalidFlags(flags: readonly Flag[]): string[] {
  return flags.filter((one) => one.severity === 'invalid').map((one) => one.flag);
}

function responseMs(driven: Driven, q: number): number | null {
  const whole = driven.measurement.histograms.find(
    (one) => one.metric === 'response' && one.outcome === 'all' && one.second === undefined,
  );
  return whole === undefined ? null : plainQuantileMs(mergeHistograms([whole.hdr]), q);
}

const library = JSON.stringify(
  fileURLToPath(new URL('../scenarios/lib/page-views.ts', import.meta.url)),
);

describe('k6 ends with exit code 0, and the trial is invalid', () => {
  test('when the server is down and every request "takes" 0 ms', async () => {
    target = await startTarget(supervisor);
    await target.process.stop(0);
    const driven = await drive({ supervisor, k6Bin, target, settings: {} });
    expect(driven.exit.exitCode).toBe(0);
    expect(driven.reduction.counts).toMatchObject({
      completed: 0,
      failed: driven.reduction.counts.started,
    });
    expect(invalidFlags(driven.flags)).toEqual(
      expect.arrayContaining(['server-down', 'no-samples', 'errors']),
    );
  });

  test('when the outcome that the arm is about never came: no hit among the pages', async () => {
    target = await startTarget(supervisor, { TARGET_MISS_EVERY: '1' });
    const driven = await drive({ supervisor, k6Bin, target, settings: {} });
    expect(driven.exit.exitCode).toBe(0);
    expect(driven.reduction.clientOutcomes.hit).toBeUndefined();
    expect(invalidFlags(driven.flags)).toContain('no-samples');
  });

  test('when the pages carry no outcome at all, though the script reads it', async () => {
    target = await startTarget(supervisor, { TARGET_TAGGED: 'no' });
    const driven = await drive({ supervisor, k6Bin, target, settings: {} });
    expect(driven.exit.exitCode).toBe(0);
    expect(invalidFlags(driven.flags)).toContain('no-samples');
  });

  test.each([
    ['and nobody catches it', 'export function pageView() { viewed(); throw new Error("boom"); }'],
    [
      'and the script counts it',
      `import { guarded } from ${library.replace('page-views', 'load')};
       export function pageView() { guarded(() => { viewed(); throw new Error("boom"); }); }`,
    ],
  ])('when the script throws in each iteration %s', async (_, source) => {
    target = await startTarget(supervisor);
    const script = `import { options, pageView as viewed } from ${library};\nexport { options };\n${source}`;
    const driven = await drive({ supervisor, k6Bin, target, settings: {}, script });
    expect(driven.exit.exitCode).toBe(0);
    expect(driven.reduction.counts.completed).toBeGreaterThan(80);
    expect(invalidFlags(driven.flags)).toContain('script-errors');
  });

  test('when a third of the answers are quick refusals, which stay out of the latencies', async () => {
    target = await startTarget(supervisor, {
      TARGET_REFUSE_EVERY: '3',
      TARGET_DELAY_MS: '30',
      TARGET_MISS_EVERY: '1000000',
    });
    const driven = await drive({ supervisor, k6Bin, target, settings: {} });
    expect(driven.exit.exitCode).toBe(0);
    expect(driven.reduction.counts.shed).toBeGreaterThan(25);
    // One pause of k6 of 60 ms is enough for the first, of 30 ms at the end of its schedule for the second.
    const machine = ['start-lag', 'achieved-rate'];
    expect(invalidFlags(driven.flags).filter((flag) => !machine.includes(flag))).toEqual([
      'errors',
    ]);
    // Every page took the server 30 ms; a p10 below that would be one of the refusals.
    expect(responseMs(driven, 0.1)).toBeGreaterThan(20);
  });

  test('when 2 users are to make 200 arrivals/s of a page that takes 50 ms', async () => {
    target = await startTarget(supervisor, { TARGET_DELAY_MS: '50' });
    const driven = await drive({
      supervisor,
      k6Bin,
      target,
      settings: { ratePerSecond: 200, virtualUsers: 2 },
    });
    expect(driven.exit.exitCode).toBe(0);
    expect(driven.reduction.counts.dropped).toBeGreaterThan(100);
    expect(invalidFlags(driven.flags)).toEqual(
      expect.arrayContaining(['dropped', 'achieved-rate']),
    );
  });
});

test('k6 killed in mid-trial leaves samples that are read as far as they go, and an invalid trial', async () => {
  target = await startTarget(supervisor);
  let pid = 0;
  const driven = await drive({
    supervisor,
    k6Bin,
    target,
    settings: { ratePerSecond: 400, virtualUsers: 100, measureSeconds: 4 },
    onStart: (started) => {
      pid = started;
    },
    onMeasureBegins: () => void setTimeout(() => process.kill(pid, 'SIGKILL'), 2000),
  });
  expect(driven.exit.exitCode).toBeNull();
  expect(driven.reduction.truncated).toBe(true);
  expect(invalidFlags(driven.flags)).toEqual(
    expect.arrayContaining(['no-samples', 'k6-error-log', 'achieved-rate']),
  );
});

test('a server frozen for 2 s of 10 shows the true tail: p90 near 1 s, p99 above 1.5 s', async () => {
  const frozen = await startTarget(supervisor);
  target = frozen;
  const driven = await drive({
    supervisor,
    k6Bin,
    target,
    settings: { ratePerSecond: 500, virtualUsers: 1500, warmSeconds: 3, measureSeconds: 10 },
    onMeasureBegins: () => {
      setTimeout(() => frozen.process.freeze(), 4000);
      setTimeout(() => frozen.process.thaw(), 6000);
    },
  });
  // A busy machine may cost a few arrivals; a tenth of them would hide the tail.
  expect(driven.reduction.counts.dropped).toBeLessThan(50);
  expect(driven.reduction.counts.failed).toBe(0);
  expect(responseMs(driven, 0.99)).toBeGreaterThan(1500);
  expect(responseMs(driven, 0.9)).toBeGreaterThan(700);
  // Seconds 4 and 5 suffered, the first ones did not.
  const p50Of = (second: number): number => {
    const one = driven.measurement.histograms.find((stored) => stored.second === second)!;
    return plainQuantileMs(mergeHistograms([one.hdr]), 0.5)!;
  };
  expect(p50Of(4)).toBeGreaterThan(1000);
  expect(p50Of(1)).toBeLessThan(500);
});

test('with 20 users the same freeze drops arrivals: the p99 is unknown, not a few milliseconds', async () => {
  const frozen = await startTarget(supervisor);
  target = frozen;
  const driven = await drive({
    supervisor,
    k6Bin,
    target,
    settings: { ratePerSecond: 500, virtualUsers: 20, measureSeconds: 4 },
    onMeasureBegins: () => {
      setTimeout(() => frozen.process.freeze(), 1000);
      setTimeout(() => frozen.process.thaw(), 2500);
    },
  });
  const { counts, histograms } = driven.measurement;
  expect(counts.dropped).toBeGreaterThan(500);
  expect(invalidFlags(driven.flags)).toContain('dropped');
  const whole = histograms.find((one) => one.metric === 'response' && one.second === undefined)!;
  const p99 = quantileMs(mergeHistograms([whole.hdr]), 0.99, counts.dropped);
  expect(p99).toEqual({ q: 0.99, ms: null, censored: true });
});

test('a neighbour in a busy loop on a third of the cores is foreign CPU, and the trial invalid', async ({
  skip,
}) => {
  const loops = Array.from({ length: Math.ceil(cpus().length / 3) }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    await Promise.all(loops.map((loop) => once(loop, 'spawn')));
    target = await startTarget(supervisor);
    const server = target.process.pid;
    let k6 = 0;
    const sampler = startCpuSampler({
      groups: { server: () => [server], k6: () => (k6 === 0 ? [] : [k6]) },
      intervalMs: 250,
    });
    const driven = await drive({
      supervisor,
      k6Bin,
      target,
      settings: {},
      onStart: (pid) => {
        k6 = pid;
      },
    });
    const series = sampler.stop();
    const { startMs, endMs } = driven.reduction.window!;
    const use = cpuBetween(series, startMs, endMs);
    if (use === null) {
      skip('no /proc on this system: no figures of foreign CPU');
      return;
    }
    expect(use.cores['k6']).toBeGreaterThan(0);
    const { foreignShare, busyShare } = use;
    const flags = judgeTrial(
      {
        ...driven.measurement,
        cpu: { microsPerRequest: null, cores: null, foreignShare, busyShare },
      },
      {
        k6: driven.exit,
        raw: driven.reduction,
        expects: { selectsPerLoad: 0, outcomes: ['hit'], outcomesTagged: true },
        stateProblems: [],
        latencyClaim: true,
        flagsAsMeasures: {},
      },
    );
    expect(invalidFlags(flags)).toContain('foreign-cpu');
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
});

test('a quiet open and a quiet closed trial have no flag against them but those of the machine', async () => {
  const open = await quiet({});
  const closed = await quiet({ arrivals: 'closed', ratePerSecond: null, virtualUsers: 3 });
  const machine = ['start-lag', 'not-steady', 'foreign-cpu', 'host-busy'];
  for (const { flags } of [open, closed]) {
    expect(flags.filter((flag) => !machine.includes(flag.flag))).toEqual([]);
  }
  expect(closed.measurement.histograms.some((one) => one.metric === 'startLag')).toBe(false);

  /** Made once more where k6 did not come to all of its arrivals, as in `trials.ts`. */
  async function quiet(settings: Parameters<typeof drive>[0]['settings']): Promise<Driven> {
    const first = await driveAnew(settings);
    const wasBusy = first.flags.some(({ flag }) => flag === 'dropped' || flag === 'achieved-rate');
    return wasBusy ? driveAnew(settings) : first;
  }

  async function driveAnew(settings: Parameters<typeof drive>[0]['settings']): Promise<Driven> {
    await target?.process.stop(0);
    target = await startTarget(supervisor);
    return drive({ supervisor, k6Bin, target, settings });
  }
});

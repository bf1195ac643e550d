import { expect, test } from 'vitest';
import { experiment } from '../../scenarios/stampede/experiment.ts';
import { analyseExperiment } from '../analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../fixtures/records.ts';
import { parseRunOptions } from '../options.ts';
import { planRun } from '../plan.ts';
import type { RunResult } from '../result.ts';
import { criterion } from './loads.ts';

if (criterion.kind !== 'bench') throw new Error('loads is a bench');
const bench = criterion;

const times = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);
const about = (count: number, mean: number): number[] =>
  Array.from({ length: count }, (_, index) => mean + (index % 2 === 0 ? 0.8 : -0.8));

/** What a run that keeps every promise finds, by arm. */
const FINE: Record<string, Record<string, number[]>> = {
  cached: { loadsPerExpiry: times(20, 40) },
  'cached-x4': { loadsPerExpiry: times(20, 40) },
  'single-flight': { loadsPerExpiry: times(20, 1) },
  'single-flight-x4': { loadsPerExpiry: times(20, 4) },
  ...Object.fromEntries(
    ['lock', 'lock+single-flight', 'lease', 'hardened'].flatMap((name) => [
      [name, { loadsPerExpiry: times(20, 1) }],
      [`${name}-x4`, { loadsPerExpiry: times(20, 1) }],
    ]),
  ),
  'lock-short': { loadsPerExpiry: times(20, 3), loadMs: times(20, 950) },
  'cached-open': {
    loadsPerExpiry: about(20, 37),
    ...{ readsPerSecond: [40], firstLoadMs: times(20, 900) },
  },
  'xfetch-open': {
    loadsPerExpiry: about(60, 2.72),
    ...{ readsPerSecond: [80], firstLoadMs: times(60, 300) },
  },
  'xfetch-2-open': {
    loadsPerExpiry: about(60, 1.65),
    ...{ readsPerSecond: [80], firstLoadMs: times(60, 300) },
  },
  'lock-naive-x4': { loadsPerExpiry: times(20, 1) },
  'lock-naive-open-x4': { loadsPerExpiry: [...times(19, 1), 2] },
};

function judged(change: typeof FINE): ReturnType<typeof bench.judge> {
  const found = { ...FINE, ...change };
  const behaviour = Object.fromEntries(
    Object.keys(found).map((arm) => [arm, { medianMs: 2, selectsPerPage: 1 }]),
  );
  const records = madeUpRecords(experiment, behaviour, 1).map((record) => {
    if (record.state !== 'completed') return record;
    const findings = { totals: {}, samples: found[record.arm] ?? {}, series: [], notes: [] };
    return { ...record, measurement: { ...record.measurement, findings } };
  });
  const analysed = analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, records);
  return bench.judge({ experiments: [analysed] } as Partial<RunResult> as RunResult, records);
}

test('20 expiries of every arm as theory says pass', () => {
  const { passed, lines } = judged({});
  expect(lines.join('\n')).toContain('cached: 40 in all 20 expiries, theory 40');
  expect(lines.join('\n')).toContain('lock-short: 3 in all 20 expiries, theory 3');
  expect(lines.join('\n')).toContain('lock-naive-open-x4: more than one load in 1 of 20 expiries');
  expect(passed).toBe(true);
});

test.each([
  ['a second load under the lock', { 'lock-x4': { loadsPerExpiry: [...times(19, 1), 2] } }],
  ['39 loads of 40 readers', { cached: { loadsPerExpiry: [...times(19, 40), 39] } }],
  ['19 expiries', { lease: { loadsPerExpiry: times(19, 1) } }],
  [
    'a lock that ends with the load',
    { 'lock-short': { loadsPerExpiry: times(20, 3), loadMs: [760] } },
  ],
  ['1.65 loads under XFetch with β = 1', { 'xfetch-open': FINE['xfetch-2-open']! }],
  [
    'XFetch on a page that is asked for too rarely',
    { 'xfetch-open': { ...FINE['xfetch-open'], readsPerSecond: [20] } },
  ],
  ['a published lock that never leaks', { 'lock-naive-open-x4': { loadsPerExpiry: times(20, 1) } }],
])('%s fails', (_name, change) => {
  expect(judged(change).passed).toBe(false);
});

test('its run makes one trial of each arm, in about 18 minutes', () => {
  const run = {
    ...parseRunOptions(bench.experiments, bench.flags),
    ...(bench.design === undefined ? {} : { design: bench.design }),
  };
  const [plan] = planRun([experiment], run);
  expect(plan?.trials.map(({ arm }) => arm).sort()).toEqual(Object.keys(FINE).sort());
  expect(plan?.estimatedSeconds).toBeLessThan(22 * 60);
});

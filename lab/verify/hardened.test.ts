import { expect, test } from 'vitest';
import { experiment } from '../../scenarios/hardened/experiment.ts';
import { analyseExperiment } from '../analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../fixtures/records.ts';
import type { Findings, RunResult } from '../result.ts';
import { criterion } from './hardened.ts';

if (criterion.kind !== 'bench') throw new Error('hardened is a bench');
const bench = criterion;

const times = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);
type Found = Pick<Findings, 'totals' | 'samples'>;

const UPDATED: Found = {
  totals: { reads: 15_000, hits: 14_000, writes: 7, staleReads: 4 },
  samples: {
    ...{ p99Ratio: times(22, 1.1), p99HitsRatio: times(22, 1), p99RatioOfChange: times(6, 200) },
    ...{ loadsPerExpiry: times(22, 1), loadsPerChange: [1, 2], changesPerReload: [1, 1] },
    ...{ longestStaleMs: [180], staleBoundMs: [10_500] },
  },
};
const FINE: Record<string, Found> = {
  cached: { totals: { reads: 15_000, hits: 15_000 }, samples: {} },
  hardened: { totals: { reads: 15_000, hits: 14_990 }, samples: {} },
  'hardened-updated': UPDATED,
  'hardened-updated-x4': UPDATED,
};

function judged(change: Record<string, Found>): ReturnType<typeof bench.judge> {
  const found = { ...FINE, ...change };
  const behaviour = Object.fromEntries(
    Object.keys(found).map((arm) => [arm, { medianMs: 2, selectsPerPage: 1 }]),
  );
  const records = madeUpRecords(experiment, behaviour, 1).map((record) => {
    if (record.state !== 'completed') return record;
    const findings: Findings = { ...found[record.arm]!, series: [], notes: [] };
    return { ...record, measurement: { ...record.measurement, findings } };
  });
  const analysed = analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, records);
  return bench.judge({ experiments: [analysed] } as Partial<RunResult> as RunResult, records);
}

const withSamples = (samples: Findings['samples']): Record<string, Found> => ({
  'hardened-updated': { ...UPDATED, samples: { ...UPDATED.samples, ...samples } },
});

test('22 expiries with 1 load and a p99 of 1.1 times that on hits pass, beside slower reloads after changes', () => {
  const { passed, lines } = judged({});
  expect(lines.join('\n')).toContain('median 1.10 (1.10 to 1.10) over 22 expiries');
  expect(lines.join('\n')).toContain('longest staleness 180 ms, bound 10500 ms');
  expect(passed).toBe(true);
});

test.each([
  ['a p99 of 2.1 times that on hits', withSamples({ p99Ratio: times(22, 2.1) })],
  ['19 expiries', withSamples({ p99Ratio: times(19, 1) })],
  ['a second load in one expiry', withSamples({ loadsPerExpiry: [...times(21, 1), 2] })],
  ['3 loads after one change', withSamples({ loadsPerChange: [3, 1] })],
  ['a page that is older than the bound', withSamples({ longestStaleMs: [10_501] })],
  ['a policy without a bound', withSamples({ staleBoundMs: [] })],
  ['updates that did not come', { 'hardened-updated': { ...UPDATED, totals: { reads: 1 } } }],
  ['1 % fewer hits', { hardened: { totals: { reads: 15_000, hits: 14_850 }, samples: {} } }],
])('%s fails', (_name, change) => {
  expect(judged(change).passed).toBe(false);
});

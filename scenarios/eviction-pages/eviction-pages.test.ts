import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { experiment } from './experiment.ts';

function analysed(totals: Record<string, number>): ExperimentAnalysis {
  const records = madeUpRecords(experiment, { noeviction: { medianMs: 3, selectsPerPage: 1 } }, 1);
  for (const record of records)
    if (record.state === 'completed')
      record.measurement.findings = { totals, samples: {}, series: [], notes: [] };
  return analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, records);
}

const full = { pages: 1000, failed: 0, hits: 600, filled: 100, refused: 300, evicted: 0 };

describe('C13', () => {
  test.each([
    ['is refuted where none of 1,000 pages fails while 300 copies are refused', full, 'refuted'],
    ['is confirmed where 300 pages fail with them', { ...full, failed: 300 }, 'confirmed'],
    ['depends where 2 pages fail', { ...full, failed: 2 }, 'depends'],
    ['is not judged where Redis was never full', { ...full, refused: 0 }, 'not judged'],
  ])('%s', (_, totals, verdict) => {
    expect(analysed(totals).claims[0]?.verdict).toBe(verdict);
  });

  test('tells the bound of a zero: at most 0.3 % of 1,000 pages', () => {
    expect(analysed(full).claims[0]?.figure).toContain(
      '0 of 1,000 pages failed, 0 % (0 % to 0.30 %)',
    );
    expect(analysed(full).answer).toContain('refuses 75 % (');
  });
});

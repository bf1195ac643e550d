import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { ROUND_TRIPS_MS, SIZES } from './batches.ts';
import { experiment } from './experiment.ts';

/** A way that takes t0 + n·c + k·R, so many trips per batch and per value. */
interface Behaviour {
  startMs: number;
  perValueMs: number;
  trips: (n: number) => number;
}

function analysed(byArm: Record<string, Behaviour>): ExperimentAnalysis {
  const behaviour = { medianMs: 1, selectsPerPage: 0 };
  const records = madeUpRecords(
    experiment,
    Object.fromEntries(Object.keys(byArm).map((arm) => [arm, behaviour])),
    3,
  );
  for (const record of records) {
    if (record.state !== 'completed') continue;
    const { startMs, perValueMs, trips } = byArm[record.arm]!;
    const wobble = 1 + (record.round - 1) / 100;
    const samples: Record<string, number[]> = {};
    for (const far of ROUND_TRIPS_MS) {
      samples[`pingMs/${far}`] = [0.1 + far];
      for (const n of SIZES) {
        samples[`batchMs/${far}/${n}`] = [wobble * (startMs + n * perValueMs + trips(n) * far)];
      }
    }
    for (const n of SIZES) samples[`roundTrips/${n}`] = [wobble * trips(n)];
    record.measurement.findings = { totals: {}, samples, series: [], notes: [] };
  }
  return analyseExperiment(planOf(experiment, 3), RUN_OPTIONS, records);
}

const serial = { startMs: 0.01, perValueMs: 0.1, trips: (n: number) => n };
const batched = { startMs: 0.1, perValueMs: 0.005, trips: () => 1 };

describe('C24', () => {
  const judged = (pipeline: Behaviour) =>
    analysed({ 'one-by-one': serial, pipeline, 'at-once': batched }).claims[0];

  test('is confirmed where 240 values wait for 240 round trips one by one and for 1 in a pipeline', () => {
    const claim = judged(batched);
    expect(claim?.verdict).toBe('confirmed');
    expect(claim?.figure).toMatch(/^240 values wait for 240 .* and for 1 \(/);
    expect(claim?.reason).toContain('sent at once on one connection wait for 1');
    expect(claim?.reason).toContain('pipeline 5 µs');
  });

  test('is refuted by a pipeline that waits each time, and depends where it waits for 20', () => {
    expect(judged(serial)?.verdict).toBe('refuted');
    expect(judged({ ...batched, trips: () => 20 })?.verdict).toBe('depends');
  });

  test('is not judged without both', () => {
    expect(analysed({ pipeline: batched }).claims[0]?.verdict).toBe('not judged');
  });
});

describe('theory', () => {
  const rows = (pipeline: Behaviour) => analysed({ pipeline }).theory ?? [];

  test('t0 and c of loopback and one round trip say what 240 values take 1 and 5 ms away', () => {
    expect(rows(batched).map(({ theory }) => theory)).toEqual([
      expect.closeTo(2.3, 2),
      expect.closeTo(6.3, 2),
    ]);
    expect(rows(batched).map(({ agrees }) => agrees)).toEqual([true, true]);
  });

  test('a pipeline that waits for 3 round trips does not agree', () => {
    expect(rows({ ...batched, trips: () => 3 }).map(({ agrees }) => agrees)).toEqual([
      false,
      false,
    ]);
  });
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({ 'one-by-one': serial, pipeline: batched });
  expect(analysis.answer).toBe(
    '240 values 1 ms away take 264 ms one by one and 2.3 ms in one pipeline.',
  );
  const [five, one] = experiment.charts(analysis);
  expect(five).toMatchObject({ id: 'batch-catalog-batch-5ms', secondary: true });
  expect(one?.title).toContain('1/115 of it in one pipeline');
});

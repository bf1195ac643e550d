import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { experiment } from './experiment.ts';
import { countRequests } from './requests.ts';

/** What a trial might have found: so many requests for absent stores, so many SELECTs for them. */
function findings(answered: number, selects: number, filter?: { capacity: number }): Findings {
  return {
    totals: {
      ...{ absent: answered, absentShed: 0, absentLookUps: selects, lookUpsExpected: 17.2 },
      ...{
        goodReads: 250,
        goodHits: 200,
        goodFailed: 0,
        noteKeys: selects,
        noteBytes: 160 * selects,
      },
    },
    samples: {
      ...{ knownStores: [1001], selectsPerBadRequest: [selects / answered] },
      ...{ bytesPerNote: [160] },
      ...(filter === undefined ? {} : { filterCapacity: [filter.capacity], filterRate: [0.01] }),
    },
    series: [],
    notes: [],
  };
}

function analysed(byArm: Record<string, Findings>): ExperimentAnalysis {
  return analysedFindings(experiment, byArm, { medianMs: 3, selectsPerPage: 4 });
}

const FEW = findings(3000, 22);
const ALL = findings(3000, 3000);

describe('C20', () => {
  const judged = (repeated: Findings, random: Findings) =>
    analysed({ 'negative-repeated': repeated, 'negative-random': random }).claims[0];

  test('depends: notes cure slugs that repeat, and do nothing against random ones', () => {
    const claim = judged(FEW, ALL);
    expect(claim?.verdict).toBe('depends');
    expect(claim?.figure).toBe(
      '0.00733 (0.0046 to 0.0111) SELECTs per bad request where 10 slugs repeat, 1 (0.999 to 1) where none does',
    );
    expect(claim?.reason).toContain('a note of 160 bytes in Redis, 13.7 MiB at 300 a second');
  });

  test('is confirmed if random ones cost as little, and refuted if repeated ones cost as much', () => {
    expect(judged(FEW, FEW)?.verdict).toBe('confirmed');
    expect(judged(ALL, ALL)?.verdict).toBe('refuted');
  });

  test('is not judged without both', () => {
    expect(analysed({ 'negative-random': ALL }).claims[0]?.verdict).toBe('not judged');
  });
});

describe('theory', () => {
  const rowOf = (arm: string, found: Findings) =>
    analysed({ [arm]: found }).theory?.find(({ quantity }) => quantity.startsWith('SELECTs'));

  test.each([
    ['bloom-random', 1001, 30, 0.01],
    ['bloom-2x', 500, 475, 0.158],
    ['bloom-4x', 250, 2050, 0.683],
  ])(
    '%s, made for %i stores: %i of 3,000 let through is what theory says',
    (arm, capacity, let_, rate) => {
      const row = rowOf(arm, findings(3000, let_, { capacity }));
      expect(row?.theory).toBeCloseTo(rate, 2);
      expect(row?.agrees).toBe(true);
      expect(rowOf(arm, findings(3000, Math.round(let_ * 1.6), { capacity }))?.agrees).toBe(false);
    },
  );

  test('10 noted slugs cost the 17 SELECTs of the first requests and of those that come meanwhile, so 22 of 3,000 agree and 60 do not', () => {
    expect(rowOf('negative-repeated', FEW)?.theory).toBeCloseTo(17.2 / 3000, 4);
    expect(rowOf('negative-repeated', FEW)?.agrees).toBe(true);
    expect(rowOf('negative-repeated', findings(3000, 60))?.agrees).toBe(false);
  });

  test('random slugs cost 1 SELECT each with notes or without; 2,900 of 3,000 do not agree', () => {
    expect(rowOf('negative-random', ALL)).toMatchObject({ theory: 1, agrees: true });
    expect(rowOf('none-random', ALL)).toMatchObject({ theory: 1, agrees: true });
    expect(rowOf('negative-random', findings(3000, 2900))?.agrees).toBe(false);
  });

  test('a filter that told its own bits is held against them: 0.53^7 = 0.0117, where an average one lets 0.0100 through', () => {
    const told = (selects: number): Findings => {
      const found = findings(30_000, selects, { capacity: 1001 });
      return {
        ...found,
        samples: { ...found.samples, filterSetShare: [0.53], filterHashes: [7] },
      };
    };
    expect(rowOf('bloom-random', told(360))).toMatchObject({ formula: 'f^k', agrees: true });
    expect(rowOf('bloom-random', told(300))).toMatchObject({ agrees: false });
    expect(rowOf('bloom-random', findings(30_000, 300, { capacity: 1001 }))?.agrees).toBe(true);
  });
});

test('scorecard, answer and figures follow what was found', () => {
  const analysis = analysed({
    'none-random': ALL,
    'negative-random': ALL,
    'negative-repeated': FEW,
    'bloom-random': findings(3000, 30, { capacity: 1001 }),
  });
  expect(analysis.scores?.map(({ policy, tone }) => [policy, tone])).toEqual([
    ['cached', 'bad'],
    ['negative', 'neutral'],
    ['bloom', 'good'],
  ]);
  expect(analysis.answer).toContain('a filter of all stores leaves 0.01');
  const figures = experiment.charts(analysis).map(({ id }) => id);
  expect(figures).toContain('penetration-selects');
  expect(figures).toContain('penetration-false-positives');
});

test('a request is counted by where it ended: the filter, the database, or a full pool', () => {
  const slugs = ['absent-1', 'absent-2', 'store-00001'];
  const counted = countRequests(
    [
      {
        slugs,
        reads: {
          ...{ slug: [0, 0, 1, 2, 2], measured: [0, 0, 0, 1, 0], outcome: [6, 3, -1, 0, 0] },
          ...{ status: [404, 404, 503, 200, 200], startUs: [0, 0, 0, 1_200_000, 0] },
          ...{ endUs: [1, 1, 1, 1, 1], version: [0, 0, 0, 1, 1] },
          ...{ loadedAtMs: [0, 0, 0, 0, 0], session: [0, 0, 0, 0, 0] },
        },
        loads: {
          ...{ slug: [0, 1, 2], startUs: [100_000, 0, 0], endUs: [130_000, 500_000, 9] },
          ...{ startedAtMs: [0, 0, 0], selects: [1, 0, 30], version: [0, -1, 1] },
          dishes: [[], [], []],
        },
        writes: {
          ...{ slug: [], product: [], sendUs: [], ackUs: [], doneUs: [], version: [], session: [] },
        },
      },
    ],
    { startUs: 0, seconds: 2 },
  );
  expect(counted).toEqual({
    ...{ absent: 3, absentLookUps: 2, absentSelects: 1, absentShed: 1 },
    firstLookUpSeconds: [0.03],
    ...{ goodReads: 1, goodFailed: 0, goodHits: 1 },
    absentSelectsBySecond: [1, 0],
    goodReadsBySecond: [0, 1],
    goodHitsBySecond: [0, 1],
  });
});

import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { seededRandom } from '../../lab/seeded-random.ts';
import { aged, type Copy } from './copies.ts';
import { experiment } from './experiment.ts';
import { designOf, REQUESTS_PER_SECOND, spreadOf, TRIP_MS } from './plan.ts';
import { badSeconds, countSeconds, recoverySeconds, sumBetween } from './seconds.ts';

const armNamed = (name: string) => experiment.arms.find((arm) => arm.name === name)!;

describe('the plan', () => {
  const loadsPerSecond = 50 / (27.8 * (TRIP_MS / 1000));

  test.each(['jitter10', 'jitter10-300'])(
    'with %s the copies end at less than half of what 50 connections load, and the arrivals lie above that',
    (name) => {
      const design = designOf(armNamed(name));
      const perSecond = spreadOf(design, 1000)!.perSecond;
      expect(perSecond).toBeCloseTo(design.stores / (0.2 * (design.ttlMs / 1000)));
      expect(perSecond).toBeLessThan(loadsPerSecond / 2);
      expect(REQUESTS_PER_SECOND).toBeGreaterThan(2 * loadsPerSecond);
    },
  );

  test.each(['jitter10', 'jitter10-300'])(
    'each store is asked for 5 times or more while the copies of %s end',
    (name) => {
      const design = designOf(armNamed(name));
      const seconds = (0.2 * design.ttlMs) / 1000;
      expect((REQUESTS_PER_SECOND * seconds) / design.stores).toBeGreaterThanOrEqual(5);
    },
  );

  test('one TTL for all has no spread, a stretched warm-up has its length', () => {
    expect(spreadOf(designOf(armNamed('flat')), 22)).toBeNull();
    expect(spreadOf(designOf(armNamed('staggered')), 22)).toMatchObject({
      from: 0,
      to: 19,
      perSecond: 1000 / 26,
    });
  });
});

describe('putting the clock of the copies forward', () => {
  const copy = (ttlMs: number): Copy => ({
    key: 'k',
    bytes: Buffer.alloc(30),
    startedAtMs: 5_000_000,
    ttlMs,
    keptMs: 70,
  });
  const times = { madeAtMs: 1_000_000, spreadMs: 0, nowMs: 1_090_000 };

  test('each copy keeps its own life, in the header too', () => {
    const [one, two] = aged([copy(100_000), copy(95_000)], times, seededRandom('1'));
    expect(one).toMatchObject({ endsAtMs: 1_100_000, first: true, keptMs: 70 });
    expect(two).toMatchObject({ endsAtMs: 1_095_000, first: true });
    expect(two?.bytes.readUIntBE(10, 6)).toBe(1_000_000);
    expect(two?.bytes.readUInt32BE(20)).toBe(95_000);
  });

  test('a life that would be over has been loaded again, and ends after another copy’s life', () => {
    const [short] = aged([copy(60_000)], times, seededRandom('1'));
    expect(short).toMatchObject({ startedAtMs: 1_060_000, endsAtMs: 1_120_000, first: false });
  });
});

describe('counting by second', () => {
  const table = { slug: [0], startedAtMs: [0], version: [1], dishes: [[]] };
  const journal = {
    slugs: ['store-00001'],
    reads: {
      ...{ slug: [0, 0], outcome: [0, -1], version: [1, 0], loadedAtMs: [0, 0] },
      ...{ session: [0, 0], measured: [1, 1] },
      startUs: [1_100_000, 2_100_000],
      endUs: [3_200_000, 2_200_000],
      status: [200, 503],
    },
    // Waited for 1 s, then 23 SELECTs in 25 round trips of 20 ms: from 2.5 to 3.0.
    loads: { ...table, startUs: [1_500_000], endUs: [3_000_000], selects: [23] },
    writes: {
      ...{ slug: [], product: [], sendUs: [], ackUs: [], doneUs: [], version: [], session: [] },
    },
  };
  const counted = countSeconds([journal], { startUs: 0, seconds: 4 }, { slowMs: 1200, tripMs: 20 });

  test('a wait for a connection is not counted as work of the database', () => {
    expect(counted.selects.map((one) => Math.round(one * 10) / 10)).toEqual([0, 0, 23, 0]);
    expect(counted.loads).toEqual([0, 0, 1, 0]);
  });

  test('a slow page and a refused one make their seconds bad', () => {
    expect([counted.slow, counted.failed]).toEqual([
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]);
    expect(badSeconds(counted)).toEqual([1, 2]);
    expect(recoverySeconds([1, 2])).toBe(2);
    expect(recoverySeconds([])).toBe(0);
  });

  test('sums take parts of a second in proportion', () => {
    expect(sumBetween([10, 20, 30], 0.5, 2.1)).toBeCloseTo(5 + 20 + 3);
  });
});

/** What a trial of one arm might have found. */
function findings(one: {
  peak: number;
  failed: number;
  bad: number;
  plateau?: { ended: number; selects: number };
}): Findings {
  const plateau = one.plateau;
  return {
    totals: {
      ...{ reads: 7000, failed: one.failed, slow: 0 },
      ...(plateau === undefined
        ? {}
        : {
            plateauExpiries: plateau.ended,
            plateauExpirySeconds: 9.5,
            plateauExpiriesExpected: 365,
            plateauSelects: plateau.selects,
            plateauSelectSquares: 330_000,
            plateauSelectSeconds: 9,
            plateauSelectsExpected: 10_000,
          }),
    },
    samples: {
      ...{ peakSelectsPerSecond: [one.peak], badSeconds: [one.bad], recoverySeconds: [one.bad] },
      ...{ capacityPagesPerSecond: [119], capacitySelectsPerSecond: [3100] },
      peakExpiriesPerSecond: [52],
    },
    series: [
      {
        name: 'selects',
        points: [
          [0, 0],
          [1, one.peak],
        ],
      },
    ],
    notes: [],
  };
}

function analysed(flat: Findings, jitter: Findings): ExperimentAnalysis {
  const found = { flat, jitter10: jitter };
  return analysedFindings(experiment, found, { rounds: 2, medianMs: 3, selectsPerPage: 4 });
}

const CLIFF = findings({ peak: 3200, failed: 1700, bad: 13 });
const CALM = findings({ peak: 1300, failed: 0, bad: 0, plateau: { ended: 360, selects: 10_200 } });

describe('what the experiment says', () => {
  const verdict = (flat: Findings, jitter: Findings): string | undefined =>
    analysed(flat, jitter).claims.find(({ id }) => id === 'C22')?.verdict;

  test('C22 is confirmed where ± 10 % leaves nobody without a page', () => {
    expect(verdict(CLIFF, CALM)).toBe('confirmed');
    const { answer, scores } = analysed(CLIFF, CALM);
    expect(answer).toContain('3,200 SELECTs');
    expect(answer).toContain('the peak is 1,300 and it is 0 %');
    expect(scores?.map(({ policy, tone }) => [policy, tone])).toEqual([
      ['cached', 'bad'],
      ['jitter', 'good'],
    ]);
  });

  test('C22 is refuted where ± 10 % fails as many, and depends where it fails fewer', () => {
    expect(verdict(CLIFF, findings({ peak: 3100, failed: 1500, bad: 12 }))).toBe('refuted');
    expect(verdict(CLIFF, findings({ peak: 2500, failed: 300, bad: 4 }))).toBe('depends');
  });

  test('C22 is not judged where copies that end at once do no harm', () => {
    expect(verdict(CALM, CALM)).toBe('not judged');
  });

  test('theory agrees with 360 ends of 365, and not with 480 or with half of the SELECTs', () => {
    const agreement = (jitter: Findings): [string, boolean | null][] =>
      (analysed(CLIFF, jitter).theory ?? [])
        .filter(({ arm }) => arm === 'jitter10')
        .map(({ quantity, agrees }) => [quantity, agrees]);
    expect(agreement(CALM)).toEqual([
      ['copies that end per second', true],
      ['SELECTs per second while they end', true],
      ['copies that end in the highest second', true],
    ]);
    const off = findings({ peak: 1, failed: 0, bad: 0, plateau: { ended: 480, selects: 5000 } });
    expect(agreement(off).slice(0, 2)).toEqual([
      ['copies that end per second', false],
      ['SELECTs per second while they end', false],
    ]);
  });

  test('the figures are drawn from what was found', () => {
    const figures = experiment.charts(analysed(CLIFF, CALM)).map(({ id }) => id);
    expect(figures).toContain('avalanche-selects');
    expect(figures).toContain('avalanche-peaks');
  });
});

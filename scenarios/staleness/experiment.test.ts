import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { experiment } from './experiment.ts';

/** What one trial of an arm found. */
interface Found {
  stale: number;
  longestMs?: number;
  sets?: number;
  labelled?: number;
}

const READS = 1000;
const EDITS = 40;

function findingsOf({ stale, longestMs = 0, sets = 0, labelled = 0 }: Found): Findings {
  return {
    totals: {
      reads: READS,
      staleReads: stale,
      staleAfterAnswer: stale,
      labelledStaleReads: labelled,
      staleSets: sets,
      writes: EDITS,
      editedSeconds: 20,
      windowsOpen: stale > READS / 2 ? EDITS : 0,
      within100MsReads: 100,
      within100MsStale: Math.round((100 * stale) / READS),
      within1000MsReads: 100,
      within1000MsStale: 0,
    },
    samples: {
      longestAgeMs: [longestMs],
      windowMs: [0, longestMs],
      loadMs: [165, 170, 175],
    },
    series: [],
    notes: [],
  };
}

function analysed(arms: Record<string, Found>): ExperimentAnalysis {
  const behaviour = Object.fromEntries(
    Object.keys(arms).map((arm) => [arm, { medianMs: 2, selectsPerPage: 1 }]),
  );
  const records = madeUpRecords(experiment, behaviour, 2).map((record) =>
    record.state === 'completed'
      ? {
          ...record,
          measurement: { ...record.measurement, findings: findingsOf(arms[record.arm]!) },
        }
      : record,
  );
  return analyseExperiment(planOf(experiment, 2), RUN_OPTIONS, records);
}

/** As theory and earlier measurements have it. */
const EXPECTED: Record<string, Found> = {
  uncached: { stale: 0 },
  cached: { stale: 990, longestMs: 19_000 },
  'short-ttl': { stale: 740, longestMs: 1950 },
  invalidated: { stale: 140, longestMs: 900, sets: 6 },
  lock: { stale: 250, longestMs: 1500, sets: 9 },
  'single-flight': { stale: 250, longestMs: 1500, sets: 9 },
  'event-driven': { stale: 120, longestMs: 1200, sets: 5 },
  lease: { stale: 0 },
  fence: { stale: 0 },
  'version-key': { stale: 0 },
  'psql-invalidated': { stale: 990, longestMs: 19_000 },
  'psql-event-driven': { stale: 120, longestMs: 1000, sets: 5 },
};

const verdicts = (analysis: ExperimentAnalysis): Record<string, string> =>
  Object.fromEntries(analysis.claims.map((claim) => [claim.id, claim.verdict]));

describe('claims are functions of the findings', () => {
  test('old for the whole TTL, a race that NOTIFY loses, and a DEL that beats waiting', () => {
    const analysis = analysed(EXPECTED);
    expect(verdicts(analysis)).toEqual({
      C26: 'confirmed',
      C28: 'refuted',
      C29: 'depends',
      C30: 'confirmed',
    });
    const [ttl, good] = analysis.claims;
    expect(ttl?.figure).toContain('74 %');
    expect(ttl?.figure).toContain('80 of 80 edits were never shown');
    expect(good?.figure).toBe(
      '240 of 2,000 reads stale, by up to 1.2 s; 10 stale sets in 80 edits',
    );
  });

  test('inverted findings turn each of them round', () => {
    const inverted = analysed({
      ...EXPECTED,
      'short-ttl': { stale: 20, longestMs: 300 },
      'event-driven': { stale: 0 },
      'psql-event-driven': { stale: 900, longestMs: 9000 },
    });
    expect(verdicts(inverted)).toEqual({
      C26: 'refuted',
      C28: 'confirmed',
      C29: 'refuted',
      C30: 'refuted',
    });
  });

  test('in between they depend; a message of 40 ms is no lost race', () => {
    const between = analysed({
      ...EXPECTED,
      'short-ttl': { stale: 150, longestMs: 4000 },
      'event-driven': { stale: 3, longestMs: 40 },
      'psql-event-driven': { stale: 3, longestMs: 40 },
    });
    expect(verdicts(between)).toEqual({
      C26: 'depends',
      C28: 'depends',
      C29: 'confirmed',
      C30: 'depends',
    });
  });

  test('without trials nothing is judged, and the answer says so', () => {
    const nothing = analysed({ lease: { stale: 0 } });
    expect(new Set(Object.values(verdicts(nothing)))).toEqual(new Set(['not judged']));
    expect(nothing.answer).toMatch(/^No answer/);
  });
});

describe('what stands in the report', () => {
  test('the answer has the share with its interval and the zeros with their reads', () => {
    const { answer } = analysed(EXPECTED);
    expect(answer).toContain('14 % (13 % to 16 %) of the reads');
    expect(answer).toContain('lease, fence, version-key show none in 6,000 reads');
    const late = analysed({ ...EXPECTED, fence: { stale: 2, longestMs: 5 } });
    expect(late.answer).toContain('4 stale reads in 6,000 reads');
  });

  test('theory stands beside the TTL alone (about 70 %) and the race of one load at a time (0.21 an edit)', () => {
    const { theory = [] } = analysed(EXPECTED);
    const [ttl, flight] = theory;
    expect(ttl).toMatchObject({ arm: 'short-ttl', unit: '%' });
    expect(ttl?.theory).toBeGreaterThan(60);
    expect(ttl?.theory).toBeLessThan(80);
    expect(flight).toMatchObject({ arm: 'single-flight', agrees: true });
    expect(flight?.theory).toBeCloseTo(0.2, 1);
  });

  test('each policy has one cell of the scorecard, and a zero is good', () => {
    const { scores = [] } = analysed(EXPECTED);
    const policies = scores.map(({ policy }) => policy);
    expect(new Set(policies).size).toBe(policies.length);
    const tones = Object.fromEntries(scores.map(({ policy, tone }) => [policy, tone]));
    expect(tones).toMatchObject({ lease: 'good', invalidated: 'bad', cached: 'bad' });
  });

  test('charts draw zeros with their bound and leave out what has no data', () => {
    const figures = experiment.charts(analysed(EXPECTED));
    const ids = figures.map(({ id }) => id);
    expect(ids).toContain('staleness-stale');
    expect(ids).not.toContain('staleness-stale-fast');
    const stale = figures.find(({ id }) => id === 'staleness-stale');
    expect(stale?.description).toContain('lease: 0 of 2,000 reads (< 0.15 %)');
  });

  test('each profile names arms that exist, and no name comes twice', () => {
    const names = experiment.arms.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const profile of Object.values(experiment.profiles))
      expect((profile?.arms ?? []).filter((arm) => !names.includes(arm))).toEqual([]);
  });
});

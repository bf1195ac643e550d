import { describe, expect, test } from 'vitest';
import { experiment as latency } from '../scenarios/latency/experiment.ts';
import { experiment as queueing } from '../scenarios/queueing/experiment.ts';
import { analyseExperiment } from './analyse.ts';
import { type ArmBehaviour, madeUpRecords, planOf, RUN_OPTIONS } from './fixtures/records.ts';
import type { ExperimentAnalysis, TrialRecord } from './result.ts';

const ROUNDS = 12;

const STORY: Record<string, ArmBehaviour> = {
  uncached: { medianMs: 1100, selectsPerPage: 114, serverCores: 0.3 },
  joined: { medianMs: 25, selectsPerPage: 1 },
  cached: { medianMs: 1.2, selectsPerPage: 0 },
  'cached-again': { medianMs: 1.2, selectsPerPage: 0 },
  invalidated: { medianMs: 1.3, selectsPerPage: 0.5 },
  static: { medianMs: 0.7, selectsPerPage: 0 },
};

/** The same arms with the story turned round: the cache is slow and asks the database. */
const INVERTED: Record<string, ArmBehaviour> = {
  uncached: { medianMs: 25, selectsPerPage: 7, serverCores: 0.9 },
  joined: { medianMs: 250, selectsPerPage: 1 },
  cached: { medianMs: 1100, selectsPerPage: 7 },
  'cached-again': { medianMs: 1500, selectsPerPage: 7 },
  invalidated: { medianMs: 1100, selectsPerPage: 7 },
  static: { medianMs: 1200, selectsPerPage: 0 },
};

function latencyOf(
  behaviour: Record<string, ArmBehaviour>,
  change: (records: TrialRecord[]) => TrialRecord[] = (records) => records,
): ExperimentAnalysis {
  const records = change(madeUpRecords(latency, behaviour, ROUNDS));
  return analyseExperiment(planOf(latency, ROUNDS), RUN_OPTIONS, records);
}

const verdicts = (analysis: ExperimentAnalysis): Record<string, string> =>
  Object.fromEntries(analysis.claims.map((claim) => [claim.id, claim.verdict]));

const words = (analysis: ExperimentAnalysis): Record<string, string> =>
  Object.fromEntries(
    analysis.comparisons
      .filter((one) => one.rank === 'primary' || one.rank === 'family')
      .map((one) => [`${one.baseline} -> ${one.candidate}`, one.verdict]),
  );

describe('claims and verdicts are functions of the records', () => {
  test('records as the story tells it confirm C1, C2, C4, C6, C7; inverted records refute each of them', () => {
    expect(verdicts(latencyOf(STORY))).toMatchObject({
      C1: 'confirmed',
      C2: 'confirmed',
      C4: 'confirmed',
      C6: 'confirmed',
      C7: 'confirmed',
    });
    expect(verdicts(latencyOf(INVERTED))).toMatchObject({
      C1: 'refuted',
      C2: 'refuted',
      C4: 'refuted',
      C6: 'refuted',
      C7: 'refuted',
    });
  });

  test('all four verdict words flip with the records, and so does the answer', () => {
    expect(words(latencyOf(STORY))).toEqual({
      'uncached -> cached': 'faster',
      'uncached -> joined': 'faster',
      'joined -> cached': 'faster',
      'uncached -> invalidated': 'faster',
    });
    expect(words(latencyOf(INVERTED))).toEqual({
      'uncached -> cached': 'slower',
      'uncached -> joined': 'slower',
      'joined -> cached': 'slower',
      'uncached -> invalidated': 'slower',
    });
    expect(latencyOf(STORY).answer).toMatch(
      /median 9\d\d \(.*\) times faster \(1\.\d+ s to 1\.\d+ ms\)/,
    );
    expect(latencyOf(INVERTED).answer).not.toBe(latencyOf(STORY).answer);
  });

  test('114 by the server and 113 by Postgres refutes C1: both witnesses must say 114', () => {
    const analysis = latencyOf(STORY, (records) =>
      records.map((record) => {
        if (record.state !== 'completed' || record.arm !== 'uncached') return record;
        const postgres = { selects: 113 * 400, shapes: 6 };
        return { ...record, measurement: { ...record.measurement, postgres } };
      }),
    );
    expect(verdicts(analysis)['C1']).toBe('refuted');
    expect(analysis.claims[0]?.figure).toBe('114 by the server, 113 by Postgres');
  });

  test('a DEL that costs more than 1 % of the queries makes C7 depend on the updates', () => {
    const analysis = latencyOf({ ...STORY, invalidated: { medianMs: 1.3, selectsPerPage: 20 } });
    expect(verdicts(analysis)['C7']).toBe('depends');
  });

  test('C3 depends on queueing where only the overloaded page takes 5 s, is confirmed where each does, refuted where none does', () => {
    const at = (calm: number, full: number): string | undefined => {
      const records = madeUpRecords(
        queueing,
        {
          r10: { medianMs: calm, selectsPerPage: 114 },
          r70: { medianMs: full, selectsPerPage: 114 },
        },
        3,
      );
      return verdicts(analyseExperiment(planOf(queueing, 3), RUN_OPTIONS, records))['C3'];
    };
    expect(at(900, 6000)).toBe('depends');
    expect(at(5500, 6000)).toBe('confirmed');
    expect(at(900, 2000)).toBe('refuted');
  });
});

describe('what enters the analysis', () => {
  test('an arm without a valid trial is named, has no figures, and leaves its claims unjudged', () => {
    const analysis = latencyOf(STORY, (records) =>
      records.map((record) =>
        record.arm === 'cached' && record.state === 'completed'
          ? { ...record, state: 'invalid', flags: [] }
          : record,
      ),
    );
    expect(analysis.armsWithoutData).toEqual(['cached']);
    expect(analysis.answer).toMatch(/^No answer/);
    expect(verdicts(analysis)).toMatchObject({
      C1: 'confirmed',
      C6: 'not judged',
      C7: 'not judged',
    });
    expect(analysis.arms.find((arm) => arm.arm === 'cached')).toMatchObject({
      requests: 0,
      trials: { valid: 0, invalid: ROUNDS },
    });
  });

  test('a round in which one of the two arms is invalid is left out of their comparison only', () => {
    const analysis = latencyOf(STORY, (records) =>
      records.map((record) =>
        record.arm === 'joined' && record.round < 3 && record.state === 'completed'
          ? { ...record, state: 'invalid', flags: [] }
          : record,
      ),
    );
    const rounds = analysis.comparisons
      .filter((one) => one.measure.name === 'p50Ms')
      .map((one) => [one.candidate, one.rounds]);
    expect(rounds).toContainEqual(['joined', ROUNDS - 3]);
    expect(rounds).toContainEqual(['cached', ROUNDS]);
  });

  test('3 rounds give intervals but no verdict word', () => {
    const records = madeUpRecords(latency, STORY, 3);
    const analysis = analyseExperiment(planOf(latency, 3), RUN_OPTIONS, records);
    expect(new Set(Object.values(words(analysis)))).toEqual(new Set(['no verdict']));
    expect(analysis.comparisons[0]?.ratio?.interval).not.toBeNull();
  });
});

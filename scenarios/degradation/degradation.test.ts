import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { configuredMs } from './arms.ts';
import { tailOf } from './cells.ts';
import { experiment } from './experiment.ts';
import { type Look, lookSeries, phasesOf, recoverySeconds, windowOf } from './windows.ts';

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('windows', () => {
  const page = (atMs: number, responseMs: number, failed = false) => ({ atMs, responseMs, failed });
  const moments = { faultMs: 2000, healMs: 5000, endMs: 10_000 };
  const look = (atMs: number, isRedisUp: boolean): Look => ({
    ...{ atMs, isRedisUp, waiting: 0, shed: 0, circuit: 'closed' },
  });

  test('of 11 s 2.2 are undisturbed and 5.5 come after the fault', () => {
    expect(phasesOf(11)).toEqual({ quietSeconds: 2.2, afterSeconds: 5.5 });
    expect(phasesOf(4)).toEqual({ quietSeconds: 1, afterSeconds: 2 });
  });

  test('a page after 2,001 ms and a failed one are no answer, but only the failed one has no time', () => {
    const pages = [page(0, 20), page(10, 2000), page(20, 2001), page(30, 5, true), page(40, 1)];
    expect(windowOf(pages, 0, 40)).toEqual({ pages: 4, answered: 2, times: [20, 2000, 2001] });
  });

  test('recovery lasts until the last bad quarter second, old page, or look without Redis', () => {
    const well = Array.from({ length: 500 }, (_, index) => page(5000 + index * 10, 20));
    expect(recoverySeconds(moments, well, [], [])).toBe(0);
    const slow = [...well, page(5300, 400), page(5310, 400), page(5320, 400)];
    expect(recoverySeconds(moments, slow, [], [])).toBe(0.5);
    // One late page in 26 may be the machine's.
    expect(recoverySeconds(moments, [...well, page(5300, 400)], [], [])).toBe(0);
    expect(recoverySeconds(moments, well, [], [4900, 6200])).toBeCloseTo(1.2);
    const looks = [look(5100, false), look(5400, false), look(5700, true)];
    expect(recoverySeconds(moments, well, looks, [])).toBeCloseTo(0.7);
    expect(recoverySeconds(moments, well, [look(9900, false)], [])).toBe(5);
  });

  test('looks are put on a grid of quarters of a second', () => {
    const looks = [look(20, true), look(270, false), look(499, true)];
    expect(lookSeries(looks, ({ isRedisUp }) => Number(isRedisUp))).toEqual([
      [0, 1],
      [0.25, 0],
      [0.5, 1],
    ]);
  });
});

describe('the tail', () => {
  const quiet = { times: times(1000, 20), failed: 0 };

  test('of 1,000 pages it is the p99, of 999 the p95, of 100 the p90, of 99 nothing', () => {
    const q = (count: number): number | undefined =>
      tailOf(quiet, { times: times(count, 30), failed: 0 })?.q;
    expect([q(1000), q(999), q(100), q(99)]).toEqual([0.99, 0.95, 0.9, undefined]);
  });

  test('pages without an answer lie beyond every time', () => {
    expect(tailOf(quiet, { times: times(995, 30), failed: 5 })).toMatchObject({ faultMs: 30 });
    expect(tailOf(quiet, { times: times(980, 30), failed: 20 })).toMatchObject({ faultMs: null });
  });
});

test('a page may wait 150 ms for Redis, 700 ms for the database, and 850 ms for both', () => {
  expect([configuredMs('redis-frozen'), configuredMs('postgres-slow')]).toEqual([150, 700]);
  expect(configuredMs('both-away')).toBe(850);
});

function findings(answered: number, faultMs: number): Findings {
  return {
    totals: {
      ...{ quietPages: 500, quietAnswered: 500, quietFailed: 0, faultFailed: 0 },
      ...{ faultPages: 500, faultAnswered: answered, afterPages: 500, afterAnswered: 500 },
      ...{ shed: 0, stale: 0 },
    },
    samples: {
      ...{ quietMs: times(500, 20), faultMs: times(500, faultMs) },
      ...{ recoverySeconds: [0.5], mostWaiting: [3] },
    },
    series: ['answered', 'slowest', 'circuit'].map((name) => ({
      name,
      points: [
        [0, 1],
        [1, 1],
      ],
    })),
    notes: [],
  };
}

/** Two trials of Redis frozen with and without protection. */
function analysed(bare: Findings, timeout: Findings): ExperimentAnalysis {
  const found = {
    'none-redis-frozen': bare,
    'timeout-redis-frozen': timeout,
    'full-redis-frozen': findings(500, 60),
  };
  return analysedFindings(experiment, found, { rounds: 2, medianMs: 3, selectsPerPage: 1 });
}

describe('what the experiment says', () => {
  const HANGS = findings(100, 3500);
  const HOLDS = findings(500, 170);
  const verdict = (bare: Findings, timeout: Findings): string | undefined =>
    analysed(bare, timeout).claims.find(({ id }) => id === 'C25')?.verdict;

  test('C25 depends where readers hang in the client’s queue and a guard helps', () => {
    expect(verdict(HANGS, HOLDS)).toBe('depends');
    const [claim] = analysed(HANGS, HOLDS).claims;
    expect(claim?.figure).toContain('60 % (58 % to 62 %) of the pages within 2 s');
  });

  test('C25 is confirmed where the bare fallback is enough', () => {
    expect(verdict(HOLDS, HOLDS)).toBe('confirmed');
  });

  test('C25 is refuted where no fallback, guarded or not, keeps the page up, and not judged without Redis faults', () => {
    const claims = (one: ExperimentAnalysis) => experiment.claims(one);
    const analysis = analysed(HANGS, HOLDS);
    const broken = analysis.arms.map((arm) =>
      arm.trials.valid === 0 ? arm : { ...arm, findings: HANGS },
    );
    expect(claims({ ...analysis, arms: broken })[0]?.verdict).toBe('refuted');
    expect(claims({ ...analysis, arms: [] })[0]?.verdict).toBe('not judged');
  });

  test('the answer names the worst bare fault and what full protection keeps', () => {
    expect(analysed(HANGS, HOLDS).answer).toContain(
      'Without protection 60 % of the pages come within 2 s under redis-frozen; with all of it all do, and',
    );
  });

  test('the matrix marks the bare cell as broken and the others as kept; the circuit has no line of a store without a breaker', () => {
    const figures = experiment.charts(analysed(HANGS, HOLDS));
    const matrix = figures.find(({ id }) => id === 'degradation-matrix');
    const row = matrix?.table.rows.find(([name]) => name === 'Redis frozen');
    expect(row?.map((cell) => String(cell).charAt(0)).slice(1)).toEqual(['✗', '✓', '✓']);
    const answered = figures.find(({ id }) => id === 'degradation-answered-redis-frozen');
    expect(answered?.title).toBe(
      'Redis frozen: in the worst half second 1 % of the pages come in time without protection, 1 % with all of it',
    );
    const circuit = figures.find(({ id }) => id === 'degradation-circuit-redis-frozen');
    expect(circuit?.table.rows.map(([name]) => name)).toEqual(['+ old pages, full-redis-frozen']);
  });
});

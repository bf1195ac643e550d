import { describe, expect, test } from 'vitest';
import type { ClaimResult, ExperimentAnalysis, Findings, TradeOff } from '../../lab/result.ts';
import { agrees, type Cell, cellsOf } from './cells.ts';
import { charts } from './charts.ts';
import { analysisOf, simulatedFindings } from './fixtures/simulated.ts';
import { ARMS, RANK_CLASSES, stratumOf, strataOf } from './grid.ts';

const NAMES = ARMS.map(({ name }) => name);
const STORY = ['story-hour', 'story-minute', 'story-quiet'];

function simulated(names: readonly string[], seed = 'a'): Record<string, Findings> {
  return Object.fromEntries(names.map((name) => [name, simulatedFindings(name, seed)]));
}

const whole = analysisOf(simulated(NAMES));

function claimOf(analysis: ExperimentAnalysis, id: string): ClaimResult {
  return analysis.claims.find((one) => one.id === id)!;
}

function judged(analysis: ExperimentAnalysis): { right: number; cells: Cell[] } {
  const cells = cellsOf(analysis).filter(
    (cell) => cell.counted === 'hits' && agrees(cell) !== null,
  );
  return { right: cells.filter((cell) => agrees(cell) === true).length, cells };
}

describe('theory beside measurement', () => {
  test('of simulated trials that are as theory says, 92 to 99 % of the cells agree, over 3 seeds', {
    timeout: 30_000,
  }, () => {
    const all = ['b', 'c', 'd'].map((seed) => judged(analysisOf(simulated(NAMES, seed))));
    const cells = all.reduce((sum, one) => sum + one.cells.length, 0);
    const right = all.reduce((sum, one) => sum + one.right, 0);
    expect(cells).toBeGreaterThan(200);
    expect(right / cells).toBeGreaterThan(0.92);
    expect(right / cells).toBeLessThan(0.99);
  });

  test.each([
    ['copies that live half as long', 'ttl-1000-r200', { ttlSeconds: 0.5 }],
    ['copies of 1 s that no DEL reaches', 'del-4000', { invalidated: false }],
  ])('%s are seen', (_, arm, change) => {
    const { right, cells } = judged(analysisOf({ [arm]: simulatedFindings(arm, 'x', change) }));
    expect(cells.length).toBe(5);
    expect(right).toBeLessThan(4);
  });

  test('loads that are not shared though they should be are seen in the loads, if not in the hit ratio', () => {
    const agreesOf = (change: object): boolean | null =>
      analysisOf({ 'slow-shared': simulatedFindings('slow-shared', 'x', change) }).theory!.find(
        ({ quantity }) => quantity === 'loads per request, all',
      )!.agrees;
    expect(agreesOf({})).toBe(true);
    expect(agreesOf({ coalesced: false })).toBe(false);
  });

  test('of the race with DEL theory is a bound: fewer old pages agree, ten times as many do not', () => {
    const agreesOf = (change: object): boolean | null =>
      analysisOf({ 'del-1000': simulatedFindings('del-1000', 'x', change) }).theory!.find(
        ({ quantity }) => quantity === 'share of old pages, all',
      )!.agrees;
    expect(agreesOf({ updatesPerSecond: 0 })).toBe(true);
    expect(agreesOf({ invalidated: false })).toBe(false);
  });

  test('the renewal form is used where it holds, and the forms with Δ elsewhere', () => {
    const formula = (arm: string, quantity: string): string =>
      whole.theory!.find((one) => one.arm === arm && one.quantity === quantity)!.formula;
    expect(formula('ttl-1000-r200', 'hit ratio, ranks 101-1000')).toBe('λT / (1 + λT)');
    expect(formula('slow', 'hit ratio, ranks 101-1000')).toContain('e^(−λΔ)');
    expect(formula('slow', 'hit ratio, rank 1')).toContain('e^(−λΔ)');
    expect(formula('slow-shared', 'hit ratio, rank 1')).toBe('λ(T − Δ) / (1 + λT)');
    expect(formula('del-1000', 'hit ratio, rank 1')).toContain('e^(−uT)');
  });

  test('the grid spans 0.002 to 107 requests of a page per TTL, and every rank is in one class and one stratum', () => {
    const perTtl = (rank: number, rate: number, ttl: number): number => (rate * ttl) / rank / 7.485;
    expect(perTtl(1000, 50, 0.25)).toBeCloseTo(0.0017, 4);
    expect(perTtl(1, 200, 4)).toBeCloseTo(106.9, 1);
    const strata = RANK_CLASSES.flatMap(strataOf);
    expect(new Set(strata).size).toBe(strata.length);
    for (const rank of [1, 2, 5, 6, 99, 100, 101, 1000]) {
      const own = RANK_CLASSES.filter(({ from, to }) => rank >= from && rank <= to);
      expect(own).toHaveLength(1);
      expect(strataOf(own[0]!)).toContain(stratumOf(rank));
    }
  });
});

describe('the story’s claims', () => {
  test('C8 depends on the requests per TTL, and names the rates that 99.97 % needs', () => {
    const { verdict, reason } = claimOf(whole, 'C8');
    expect(verdict).toBe('depends');
    expect(reason).toContain('0.926 requests/s');
    expect(reason).toContain('4.76/s');
  });

  test('C8 is refuted by a page with half the hits, and confirmed where a short TTL has as many', () => {
    const findings = simulated(STORY);
    const poor = {
      ...findings,
      'story-hour': simulatedFindings('story-hour', 'x', { ttlSeconds: 0.01 }),
    };
    expect(claimOf(analysisOf(poor), 'C8').verdict).toBe('refuted');
    const rich = {
      ...findings,
      'story-minute': simulatedFindings('story-minute', 'x', { ttlSeconds: 20, loadSeconds: 0 }),
    };
    expect(claimOf(analysisOf(rich), 'C8').verdict).toBe('confirmed');
  });

  test('C27 is refuted with about 97 %, and confirmed by a page of which half are hits', () => {
    const { verdict, figure, reason } = claimOf(whole, 'C27');
    expect(verdict).toBe('refuted');
    expect(figure).toMatch(/^9[5-8](\.\d)? % .* with TTL 1 min/);
    expect(figure).toMatch(/times the loads/);
    expect(reason).toContain('1.77 % of 55.5 requests');
    const half = { 'story-minute': simulatedFindings('story-minute', 'x', { ratePerSecond: 5.4 }) };
    expect(claimOf(analysisOf(half), 'C27').verdict).toBe('confirmed');
  });

  test('C9 depends on how old the hits are: refuted if all are, confirmed if none', () => {
    expect(claimOf(whole, 'C9').verdict).toBe('depends');
    const old = simulated(['ttl-only-4000']);
    expect(claimOf(analysisOf(old), 'C9').verdict).toBe('refuted');
    expect(claimOf(analysisOf(simulated(STORY)), 'C9').verdict).toBe('confirmed');
  });

  test('without trials nothing is judged', () => {
    const empty = analysisOf({});
    expect(empty.claims.map(({ verdict }) => verdict)).toEqual(Array(3).fill('not judged'));
    expect(empty.answer).toBe('No answer: no valid trial.');
    expect(charts(empty)).toEqual([]);
  });
});

test('the answer counts the cells and names both hit ratios of the story', () => {
  expect(whole.answer).toMatch(
    /theory’s in \d+ of 73 cells .* 99\.9\d? % .* 9\d(\.\d)? % .*, not 50 %\.$/,
  );
});

test('a TTL alone trades stale pages for loads, DEL has few of either', () => {
  const points = new Map(
    whole.tradeOffs!.map((one): [string, TradeOff] => [`${one.policy} ${one.variant}`, one]),
  );
  const stale = (name: string): number => points.get(name)!.staleShare!.value;
  const load = (name: string): number => points.get(name)!.selectsPerPage!.value;
  expect(points.size).toBe(6);
  expect(stale('cached TTL 4 s')).toBeGreaterThan(10 * stale('cached TTL 0.25 s'));
  expect(load('cached TTL 0.25 s')).toBeGreaterThan(1.5 * load('cached TTL 4 s'));
  expect(stale('invalidated TTL 4 s')).toBeLessThan(0.01);
  expect(load('invalidated TTL 4 s')).toBeLessThan(1.3 * load('cached TTL 4 s'));
});

test('its figures are the story, TTLs per rate, the cells, the trade-offs and old pages', () => {
  expect(charts(whole).map(({ id }) => id)).toEqual([
    'hit-ratio-story',
    'hit-ratio-ttl-200',
    'hit-ratio-ttl-50',
    'hit-ratio-cells',
    'hit-ratio-trade-offs',
    'hit-ratio-stale',
  ]);
});

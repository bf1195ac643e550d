import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Comparison, MeasureDescription } from '../result.ts';
import { comparePairs, decide } from './compare.ts';
import type { Pair } from './compare.ts';

const P50: MeasureDescription = { name: 'p50', title: 'p50', unit: 'ms', better: 'lower' };
const RATE: MeasureDescription = { name: 'rate', title: 'rate', unit: 'req/s', better: 'higher' };

/** Rounds around a ratio on a drifting baseline; the log-ratios alternate by +-`spread`. */
function pairsOf(rounds: number, ratio: number, spread: number): Pair[] {
  return Array.from({ length: rounds }, (_, round) => {
    const baseline = 100 * 1.1 ** round;
    return { baseline, candidate: baseline * ratio * Math.exp(round % 2 ? spread : -spread) };
  });
}

function decideAs(
  pairs: readonly Pair[],
  rank: Comparison['rank'] = 'primary',
  pHolm = comparePairs(pairs).p,
  measure = P50,
): Pick<Comparison, 'found' | 'verdict' | 'roundsNeeded'> {
  return decide(comparePairs(pairs), { rank, measure, pHolm });
}

describe('a comparison', () => {
  test('gives the ratio of the candidate to the baseline, whatever the baseline drifts', () => {
    const { ratio, p, rounds } = comparePairs(pairsOf(12, 0.8, 0.05));
    expect(rounds).toBe(12);
    expect(ratio!.value).toBeCloseTo(0.8, 10);
    // +- 2.201 * 0.05 * sqrt(12 / 11) / sqrt(12) on the log scale.
    expect(Math.log(ratio!.interval!.high / 0.8)).toBeCloseTo(0.03318, 4);
    expect(p).toBeCloseTo(2 / 4096, 12);
  });

  test.each([
    [0, null, null],
    [1, 'a value without interval', null],
    [5, 'an interval', null],
    [6, 'an interval', 2 / 64],
  ])('of %i rounds has %s as its ratio and p = %s', (rounds, ratio, p) => {
    const compared = comparePairs(pairsOf(rounds, 2, 0.01));
    if (ratio === null) expect(compared.ratio).toBeNull();
    else expect(compared.ratio!.interval !== null).toBe(ratio === 'an interval');
    expect(compared.p).toBe(p);
  });

  test('has no ratio when one side is 0', () => {
    const compared = comparePairs([...pairsOf(12, 1, 0.1), { baseline: 114, candidate: 0 }]);
    expect(compared).toMatchObject({ ratio: null, p: null, rounds: 13 });
    expect(decide(compared, { rank: 'primary', measure: P50, pHolm: null }).verdict).toBe(
      'no verdict',
    );
  });

  test('turns round when the arms are exchanged: inverse ratio, same p, opposite word', () => {
    const value = fc.double({ min: 0.1, max: 1000, noNaN: true });
    const pairs = fc.array(fc.record({ baseline: value, candidate: value }), {
      minLength: 12,
      maxLength: 16,
    });
    const opposite = { faster: 'slower', slower: 'faster' } as Record<string, string>;
    fc.assert(
      fc.property(pairs, (given) => {
        const there = comparePairs(given);
        const back = comparePairs(
          given.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline })),
        );
        expect(back.ratio!.value * there.ratio!.value).toBeCloseTo(1, 8);
        expect(back.p).toBeCloseTo(there.p!, 12);
        const word = decide(there, { rank: 'primary', measure: P50, pHolm: there.p }).verdict;
        expect(decide(back, { rank: 'primary', measure: P50, pHolm: back.p }).verdict).toBe(
          opposite[word] ?? word,
        );
      }),
    );
  });
});

describe('the verdict', () => {
  // 95 % interval of 12 rounds: +- 0.6637 * spread on the log scale, zone +- 0.0488.
  test.each([
    ['20 % less time', 0.8, 0.05, P50, 'faster'],
    ['20 % more time', 1.2, 0.05, P50, 'slower'],
    ['20 % more requests', 1.2, 0.05, RATE, 'higher'],
    ['20 % fewer requests', 0.8, 0.05, RATE, 'lower'],
    ['no difference and little spread', 1, 0.05, P50, 'equivalent'],
    ['no difference and much spread', 1, 0.2, P50, 'inconclusive'],
    ['7 % more, interval just clear of the zone', 1.07, 0.028, P50, 'slower'],
    ['7 % more, interval just touching the zone', 1.07, 0.029, P50, 'inconclusive'],
    ['7 % less, interval just clear of the zone', 1 / 1.07, 0.028, P50, 'faster'],
    ['7 % less, interval just touching the zone', 1 / 1.07, 0.029, P50, 'inconclusive'],
    ['4 % more, surely, but inside the zone', 1.04, 0.005, P50, 'equivalent'],
    ['6 % more, surely, across the zone', 1.06, 0.03, P50, 'inconclusive'],
  ] as const)('on %s over 12 rounds', (_, ratio, spread, measure, verdict) => {
    const pairs = pairsOf(12, ratio, spread);
    expect(decideAs(pairs, 'primary', comparePairs(pairs).p, measure).verdict).toBe(verdict);
  });

  test('needs 12 rounds: with 11 there is none, though the difference is found', () => {
    const decided = decideAs(pairsOf(11, 0.5, 0.05));
    expect(decided).toEqual({ found: true, verdict: 'no verdict', roundsNeeded: null });
  });

  test('needs p <= 0.05 after Holm, while "found" is the p of the primary comparison alone', () => {
    const pairs = pairsOf(12, 0.8, 0.05);
    expect(decideAs(pairs, 'primary', 0.05).verdict).toBe('faster');
    expect(decideAs(pairs, 'primary', 0.051)).toMatchObject({
      found: true,
      verdict: 'inconclusive',
    });
    expect(decideAs(pairs, 'primary', null).verdict).toBe('inconclusive');
  });

  test('is given to the primary comparison and its family, "found" to the primary alone', () => {
    const pairs = pairsOf(12, 0.8, 0.05);
    expect(decideAs(pairs, 'family')).toMatchObject({ found: null, verdict: 'faster' });
    expect(decideAs(pairs, 'interval only')).toMatchObject({ found: null, verdict: 'no verdict' });
    expect(decideAs(pairs, 'noise floor')).toMatchObject({ found: null, verdict: 'no verdict' });
    expect(decideAs(pairsOf(12, 1, 0.1)).found).toBe(false);
  });

  test('says how many rounds would settle it, and that none would at the very edge of the zone', () => {
    const undecided = decideAs(pairsOf(12, 1.08, 0.06));
    expect(undecided.verdict).toBe('inconclusive');
    // (t95 + t80) * 0.0627 / sqrt n <= log 1.08 - log 1.05 = 0.0282 from n = 41 on.
    expect(undecided.roundsNeeded).toBe(41);
    expect(decideAs(pairsOf(12, 1.0501, 0.1)).roundsNeeded).toBeNull();
  });
});

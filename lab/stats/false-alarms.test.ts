import { describe, expect, test } from 'vitest';
import { planTrials } from '../plan.ts';
import type { MeasureDescription } from '../result.ts';
import { seededRandom } from '../seeded-random.ts';
import { comparePairs, decide } from './compare.ts';
import type { Pair } from './compare.ts';
import { readAaTrials } from './fixtures/aa-trials.ts';

const COMPARISONS = 2000;
const LEVEL = 0.05;
/** Three standard errors of a share of 5 % counted over so many comparisons. */
const LIMIT = LEVEL + 3 * Math.sqrt((LEVEL * (1 - LEVEL)) / COMPARISONS);
/** Of the trials, so many meet a neighbour who makes them up to twice as slow. */
const CONTAMINATED_SHARE = 0.1;
/** Largest change of the machine's speed from the first to the last trial of a comparison. */
const DRIFT = 0.3;
const P50: MeasureDescription = { name: 'p50', title: 'p50', unit: 'ms', better: 'lower' };

/** Which arm gets which slot of which round. */
type Order = (
  experiment: string,
  arms: readonly string[],
  rounds: number,
  seed: number,
) => readonly { round: number; slot: number; arm: string }[];

type Rule = (pairs: readonly Pair[], random: () => number) => boolean;

/** The lab's rule, as the report applies it to a primary comparison. */
const rule: Rule = (pairs) => {
  const compared = comparePairs(pairs);
  return decide(compared, { rank: 'primary', measure: P50, pHolm: compared.p }).found === true;
};

/** A popular rule in its place: the 95 % percentile bootstrap interval of the mean log-ratio leaves out zero. */
const percentileBootstrap: Rule = (pairs, random) => {
  const logs = pairs.map(({ baseline, candidate }) => Math.log(candidate / baseline));
  const means = new Float64Array(1000);
  means.forEach((_, draw) => {
    let sum = 0;
    for (let i = 0; i < logs.length; i += 1) sum += logs[Math.floor(random() * logs.length)]!;
    means[draw] = sum;
  });
  means.sort();
  return means[24]! > 0 || means[975]! < 0;
};

const fixedOrder: Order = (_, arms, rounds) =>
  Array.from({ length: rounds }, (__, round) =>
    arms.map((arm, slot) => ({ round, slot, arm })),
  ).flat();

const recorded = readAaTrials();

/**
 * One comparison of two identical arms: contiguous recorded rounds, their trials in their slots, given to the arms as
 * the lab's own plan would; then spoiled by a drift and by contamination.
 * @param spoil.slotEffect - Each slot of a round is by this share slower than the one before it.
 */
function identicalArms(
  rounds: number,
  seed: number,
  random: () => number,
  spoil: { order: Order; slotEffect: number } = { order: planTrials, slotEffect: 0 },
): Pair[] {
  const first = Math.floor(random() * (recorded.rounds.length - rounds + 1));
  const slots = recorded.rounds[0]!.length;
  const arms = Array.from({ length: slots }, (_, index) => `arm ${index}`);
  const drift = DRIFT * (2 * random() - 1);
  const plan = spoil.order('a/a', arms, rounds, seed);
  const values = plan.map(({ round, slot, arm }, index) => {
    const drifted = recorded.rounds[first + round]![slot]! * (1 + (drift * index) / plan.length);
    const contaminated = random() < CONTAMINATED_SHARE ? 1 + random() : 1;
    const slowed = 1 + slot * spoil.slotEffect;
    return { round, arm, value: drifted * contaminated * slowed };
  });
  const valueOf = (round: number, arm: string): number =>
    values.find((one) => one.round === round && one.arm === arm)!.value;
  return Array.from({ length: rounds }, (_, round) => ({
    baseline: valueOf(round, 'arm 0'),
    candidate: valueOf(round, 'arm 1'),
  }));
}

function falseAlarmShare(
  decideBy: Rule,
  rounds: number,
  spoil?: { order: Order; slotEffect: number },
): number {
  let alarms = 0;
  for (let seed = 0; seed < COMPARISONS; seed += 1) {
    const random = seededRandom(`a/a ${rounds} ${seed}`);
    if (decideBy(identicalArms(rounds, seed, random, spoil), random)) alarms += 1;
  }
  return alarms / COMPARISONS;
}

describe('2,000 comparisons of identical arms, with drift and 10 % contaminated trials', () => {
  test.each([6, 8, 12])(
    'over %i rounds raise at most 5 % false alarms, within sampling error',
    (rounds) => {
      expect(falseAlarmShare(rule, rounds)).toBeLessThanOrEqual(LIMIT);
    },
  );

  test.each([6, 8, 12])(
    'over %i rounds would raise more than that under a percentile bootstrap',
    (rounds) => {
      expect(falseAlarmShare(percentileBootstrap, rounds)).toBeGreaterThan(LIMIT);
    },
  );

  test("stay there in the plan's order when each slot of a round is 15 % slower than the last, and not in a fixed one", () => {
    const slotEffect = 0.15;
    expect(falseAlarmShare(rule, 12, { order: planTrials, slotEffect })).toBeLessThanOrEqual(LIMIT);
    expect(falseAlarmShare(rule, 12, { order: fixedOrder, slotEffect })).toBeGreaterThan(0.5);
  });

  test('raise words even more rarely: below 1 % are called faster or slower', () => {
    let words = 0;
    for (let seed = 0; seed < COMPARISONS; seed += 1) {
      const compared = comparePairs(identicalArms(12, seed, seededRandom(`words ${seed}`)));
      const { verdict } = decide(compared, { rank: 'primary', measure: P50, pHolm: compared.p });
      if (verdict === 'faster' || verdict === 'slower') words += 1;
    }
    expect(words / COMPARISONS).toBeLessThan(0.01);
  });
});

/** Comparisons of arms that truly differ, at a run-level standard deviation of 8 %. */
function foundShare(ratio: number, rounds: number): number {
  const repetitions = 1000;
  let found = 0;
  for (let seed = 0; seed < repetitions; seed += 1) {
    const random = seededRandom(`power ${seed}`);
    const trial = (level: number): number => level * Math.exp(0.08 * gaussian(random));
    const pairs = Array.from({ length: rounds }, () => ({
      baseline: trial(100),
      candidate: trial(100 * ratio),
    }));
    if (rule(pairs, random)) found += 1;
  }
  return found / repetitions;
}

/** Box and Muller. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe('a true difference, at a run-level standard deviation of 8 %', () => {
  test.each([1.2, 1 / 1.2])(
    'of a factor of %f is found by 12 rounds at least 95 times in 100',
    (ratio) => {
      expect(foundShare(ratio, 12)).toBeGreaterThanOrEqual(0.95);
    },
  );

  test('of the smallest findable ratio is found in about 80 %, as the report says', () => {
    // Log-ratios with a standard deviation of exactly sqrt 2 x 8 %, which two such trials give.
    const sd = 0.08 * Math.SQRT2 * Math.sqrt(11 / 12);
    const typical = Array.from({ length: 12 }, (_, i) => ({
      baseline: 1,
      candidate: Math.exp(i % 2 === 0 ? sd : -sd),
    }));
    const { smallestFindableRatio } = comparePairs(typical);
    expect(foundShare(smallestFindableRatio!, 12)).toBeGreaterThan(0.74);
    expect(foundShare(smallestFindableRatio!, 12)).toBeLessThan(0.86);
  });
});

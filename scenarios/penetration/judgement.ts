import { armOf, claim, figure, milliseconds, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate, Score, TheoryCheck } from '../../lab/result.ts';
import { poissonInterval } from '../../lab/stats/poisson.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { bloomShape, falsePositiveRate, falsePositiveSpread } from '../../lab/theory/bloom.ts';
import { FLOOD_PER_SECOND, NEGATIVE_TTL_MS, REPEATED } from './plan.ts';

/** A defence that leaves less than this of the SELECTs has cured; one that leaves more than the mirror of it has not. */
const CURED = 0.1;

function total(arm: ArmAnalysis, name: string): number {
  return arm.findings?.totals[name] ?? 0;
}

function mean(arm: ArmAnalysis, name: string): number | null {
  const values = arm.findings?.samples[name] ?? [];
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
}

/**
 * SELECTs per request for an absent store, those among them that a full pool turned away. Where slugs repeat the few SELECTs
 * are a Poisson count; where they do not, each request either asks the database or does not.
 */
export function selectsPerBadRequest(arm: ArmAnalysis): Estimate | null {
  const requests = total(arm, 'absent');
  if (requests === 0) return null;
  const lookUps = total(arm, 'absentLookUps');
  const n = arm.trials.valid;
  if (!arm.arm.endsWith('-repeated'))
    return { ...wilson(Math.min(lookUps, requests), requests)!, n };
  const { low, high } = poissonInterval(lookUps);
  const interval = { low: low / requests, high: high / requests, level: 0.95 };
  return { value: lookUps / requests, interval, n };
}

const withInterval = ({ value, interval }: Estimate): string =>
  interval === null
    ? figure(value)
    : `${figure(value)} (${figure(interval.low)} to ${figure(interval.high)})`;

export function answer(analysis: Analysed): string {
  const of = (name: string): Estimate | null => {
    const arm = armOf(analysis, name);
    return arm === null ? null : selectsPerBadRequest(arm);
  };
  const [repeated, random, filter] = [
    of('negative-repeated'),
    of('negative-random'),
    of('bloom-random'),
  ];
  if (repeated === null || random === null) {
    return 'No answer: no valid trial of notes against both repeated and random slugs.';
  }
  const notes = `Noting absences for 300 s leaves ${withInterval(repeated)} SELECTs per bad request where 10 slugs repeat, and ${withInterval(random)} where none comes twice`;
  return filter === null
    ? `${notes}.`
    : `${notes}; a filter of all stores leaves ${withInterval(filter)}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  const [repeatedArm, randomArm] = [
    armOf(analysis, 'negative-repeated'),
    armOf(analysis, 'negative-random'),
  ];
  const repeated = repeatedArm === null ? null : selectsPerBadRequest(repeatedArm);
  const random = randomArm === null ? null : selectsPerBadRequest(randomArm);
  if (repeated === null || random === null || randomArm === null) {
    return [notJudged('C20', 'no valid trial of notes against both repeated and random slugs')];
  }
  const measured = `${withInterval(repeated)} SELECTs per bad request where 10 slugs repeat, ${withInterval(random)} where none does`;
  const { verdict, reason } = verdictOf(repeated, random);
  return [claim('C20', verdict, measured, `${reason}${memoryText(randomArm)}`)];
}

/** Even the upper end of the interval is low. */
const isCured = ({ value, interval }: Estimate): boolean => (interval?.high ?? value) <= CURED;

function verdictOf(
  repeated: Estimate,
  random: Estimate,
): { verdict: ClaimResult['verdict']; reason: string } {
  const [curesRepeated, curesRandom] = [isCured(repeated), isCured(random)];
  if (curesRepeated && curesRandom) {
    return {
      verdict: 'confirmed',
      reason: 'it holds for slugs that repeat and for such that do not',
    };
  }
  if (curesRepeated) {
    return {
      verdict: 'depends',
      reason:
        'on whether slugs come again: confirmed for repeated ones, refuted for random ones, of which each is a first request that no note can answer',
    };
  }
  return { verdict: 'refuted', reason: 'slugs that repeat reach the database all the same' };
}

/** What the notes take, and would take at the story's 300 s. */
function memoryText(arm: ArmAnalysis): string {
  const bytes = mean(arm, 'bytesPerNote');
  if (bytes === null) return '';
  const mebibytes = (bytes * FLOOD_PER_SECOND * (NEGATIVE_TTL_MS / 1000)) / 2 ** 20;
  return `; each leaves a note of ${figure(bytes)} bytes in Redis, ${figure(mebibytes)} MiB at ${FLOOD_PER_SECOND} a second for 300 s`;
}

export function scores(analysis: Analysed): Score[] {
  const cells = [
    ['none-random', 'cached'],
    ['negative-random', 'negative'],
    ['bloom-random', 'bloom'],
  ] as const;
  return cells.flatMap(([name, policy]): Score[] => {
    const arm = armOf(analysis, name);
    const estimate = arm === null ? null : selectsPerBadRequest(arm);
    if (arm === null || estimate === null) return [];
    const repeatedArm = armOf(analysis, name.replace('-random', '-repeated'));
    const repeated = repeatedArm === null ? null : selectsPerBadRequest(repeatedArm);
    const p95 = arm.measures['goodP95Ms']?.value ?? null;
    const halves = [
      `${figure(estimate.value)} SELECTs per random bad request`,
      ...(repeated === null ? [] : [`${figure(repeated.value)} per repeated one`]),
      ...(p95 === null ? [] : [`good pages' p95 ${milliseconds(p95)} meanwhile`]),
    ];
    const tone =
      estimate.value <= CURED ? 'good' : (repeated?.value ?? 1) <= CURED ? 'neutral' : 'bad';
    return [{ policy, disease: 'penetration', words: halves.join(', '), estimate, tone }];
  });
}

export function theory(analysis: Analysed): TheoryCheck[] {
  return analysis.arms
    .filter((arm) => arm.trials.valid > 0)
    .flatMap((arm) => [selectsRow(arm) ?? [], memoryRow(arm) ?? []].flat());
}

/**
 * What a filter lets through; null without a filter or a valid trial.
 * `fill`: share of the stores that it holds over those that it was made for. `expected`: by the bits that this very filter has
 * set, where the server told them (then `spread` is 0), else of an average filter, which differs from the next by `spread`.
 */
export function filterFill(
  arm: ArmAnalysis,
): { fill: number; expected: number; spread: number; average: number } | null {
  const known = mean(arm, 'knownStores');
  const capacity = mean(arm, 'filterCapacity');
  const wanted = mean(arm, 'filterRate');
  if (known === null || capacity === null || wanted === null) return null;
  const shape = bloomShape(capacity, wanted);
  const average = falsePositiveRate(shape, known);
  const setShare = mean(arm, 'filterSetShare');
  const hashes = mean(arm, 'filterHashes');
  const own = setShare === null || hashes === null ? null : setShare ** hashes;
  return {
    fill: known / capacity,
    ...{ average, expected: own ?? average },
    spread: own === null ? falsePositiveSpread(shape, known) : 0,
  };
}

function selectsRow(arm: ArmAnalysis): TheoryCheck | null {
  const measured = selectsPerBadRequest(arm);
  const expected = expectedSelects(arm);
  if (measured === null || expected === null) return null;
  const { interval, value } = measured;
  const own = filterFill(arm)?.spread ?? 0;
  // Two sources of chance at right angles: the requests, and the one filter that they met.
  const reach = (end: number): number => Math.hypot(end - value, 1.96 * own);
  return {
    ...{ arm: arm.arm, quantity: 'SELECTs per request for an absent store', unit: '' },
    ...expected,
    measured,
    agrees:
      interval === null
        ? null
        : expected.theory >= value - reach(interval.low) &&
          expected.theory <= value + reach(interval.high),
  };
}

function expectedSelects(
  arm: ArmAnalysis,
): Pick<TheoryCheck, 'formula' | 'theory' | 'note'> | null {
  const random = !arm.arm.endsWith('-repeated');
  const filter = filterFill(arm);
  if (filter !== null) {
    if (!random) return null; // ten slugs are no sample of the filter's errors
    return {
      formula: filter.spread === 0 ? 'f^k' : '(1 - e^(-kn/m))^k',
      theory: filter.expected,
      note:
        `false positives of the filter; it holds ${figure(filter.fill)} times the stores that it was made for, ` +
        (filter.spread === 0
          ? `and f is the share of bits set in this very one; of an average one (1 - e^(-kn/m))^k = ${figure(filter.average)}`
          : `and one filter differs from the next by ${figure(1.96 * filter.spread)} in 95 % of all cases`),
    };
  }
  if (arm.policy === 'cached') {
    return { formula: '1', theory: 1, note: 'the store is looked for each time' };
  }
  if (random) {
    return {
      formula: '1',
      theory: 1,
      note: 'each slug comes for the first time: nothing has been noted of it',
    };
  }
  const requests = total(arm, 'absent');
  if (requests === 0) return null;
  return {
    formula: 'Σ (1 + λΔ) / N',
    theory: total(arm, 'lookUpsExpected') / requests,
    note: `each of ${REPEATED} slugs is looked for once, and by all who come within the Δ of that look-up; N requests; exact Poisson interval`,
  };
}

/** Notes stay for 300 s: what they take is the rate times that, and no formula gives the bytes. */
function memoryRow(arm: ArmAnalysis): TheoryCheck | null {
  const keys = total(arm, 'noteKeys');
  if (keys === 0 || arm.arm.endsWith('-repeated') || arm.policy !== 'negative') return null;
  if (total(arm, 'evicted') > 0) return null;
  const answered = total(arm, 'absent') - total(arm, 'absentShed');
  const measured = wilson(Math.min(keys, answered), answered)!;
  return {
    ...{ arm: arm.arm, quantity: 'notes left in Redis per request', unit: '', formula: '1' },
    theory: 1,
    measured: { ...measured, n: arm.trials.valid },
    agrees: keys >= answered * 0.98,
    note: 'each random slug leaves a note that nobody will ask for; within 2 %',
  };
}

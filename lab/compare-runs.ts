import { incomparable, onlyInOne, shared } from './comparable.ts';
import type {
  ArmAnalysis,
  Estimate,
  ExperimentAnalysis,
  MeasureDescription,
  RunResult,
} from './result.ts';
import { ROUNDS_FOR_A_VERDICT } from './stats/compare.ts';
import { ZONE_LOG } from './stats/equivalence.ts';
import { holm } from './stats/holm.ts';
import {
  type Difference,
  differenceInterval,
  logSampleOf,
  type Sample,
  sampleOf,
  welch,
} from './stats/welch.ts';

/**
 * Two runs side by side. Their trials lie hours apart, so nothing pairs them: arms are compared as unpaired samples of
 * trials, and a word needs the change to stand out against what another arm of the same experiment did meanwhile. Pure.
 */

const ALPHA = 0.05;

/** How the same arm of two runs compares in one timed measure. */
export interface TimedChange {
  measure: MeasureDescription;
  a: Estimate;
  b: Estimate;
  /** B / A with a 95 % interval; null across hosts, where times do not compare, and where no ratio exists. */
  ratio: Estimate | null;
  /** The same after the control arm's own change is divided out; null without a control. */
  relative: Estimate | null;
  /** Arm that tells drift of the machine from a change of this arm. */
  control: string | null;
  /** Two-sided p of no change, after Holm over all timed changes of the comparison; null where it was not tested. */
  pHolm: number | null;
  verdict: 'better' | 'worse' | 'equivalent' | 'inconclusive' | 'no verdict';
}

/** A count that was the same in every trial or repetition, so that any change is a change. */
export interface CountChange {
  name: string;
  a: number;
  b: number;
  verdict: 'same' | 'better' | 'worse';
}

export interface ArmChange {
  arm: string;
  timed: TimedChange[];
  counts: CountChange[];
}

export interface ExperimentChange {
  name: string;
  title: string;
  arms: ArmChange[];
  /** Arms with valid trials in A and none in B. */
  lost: string[];
  sentence: string;
}

export interface RunComparison {
  a: string;
  b: string;
  crossHost: boolean;
  /** Differences of the machines; only with `crossHost`. */
  hosts: string[];
  experiments: ExperimentChange[];
  /** Experiments and arms that only one of the runs has. */
  onlyInOne: string[];
  regressions: string[];
}

/**
 * Compares what both runs have. Whether they may be compared is for `incomparable` to say.
 * @param crossHost - Compares counts and ratios to the run's own control arm alone.
 */
export function compareRuns(a: RunResult, b: RunResult, crossHost: boolean): RunComparison {
  const pairs = shared(a, b);
  const timed: Pending[] = [];
  const experiments = pairs.map(([left, right]) =>
    compareExperiment(left, right, crossHost, timed),
  );
  decideAll(timed);
  for (const one of experiments) one.sentence = sentenceOf(one, crossHost);
  return {
    ...{ a: a.runId, b: b.runId, crossHost },
    hosts: incomparable(a, b).hosts,
    experiments,
    onlyInOne: onlyInOne(a, b),
    regressions: experiments.flatMap(regressionsOf),
  };
}

/** A change before its word: the words of all need the p of all. */
interface Pending {
  change: TimedChange;
  tests: Difference[];
  trials: number;
}

function compareExperiment(
  left: ExperimentAnalysis,
  right: ExperimentAnalysis,
  crossHost: boolean,
  pending: Pending[],
): ExperimentChange {
  const both = left.arms.flatMap((arm) => {
    const other = right.arms.find((one) => one.arm === arm.arm);
    return other !== undefined && arm.trials.valid > 0 && other.trials.valid > 0
      ? [{ a: arm, b: other }]
      : [];
  });
  const arms = both.map(({ a, b }) => {
    const control = controlOf(both, a);
    const timed = comparedMeasures(left, a, b).flatMap((measure, at) => {
      const options = { crossHost, isPrimary: at === 0 };
      const made = compareTimed(measure, { a, b }, control, options);
      if (made === null) return [];
      pending.push(made);
      return [made.change];
    });
    return { arm: a.arm, timed, counts: compareCounts(a, b) };
  });
  const lost = left.arms
    .filter(({ arm, trials }) => trials.valid > 0 && right.armsWithoutData.includes(arm))
    .map(({ arm }) => arm);
  return { name: left.name, title: left.title, arms, lost, sentence: '' };
}

interface ArmPair {
  a: ArmAnalysis;
  b: ArmAnalysis;
}

/** The baseline; for the baseline itself the bound, or else the first other arm. Its A/A twin would share its fate. */
function controlOf(pairs: readonly ArmPair[], arm: ArmAnalysis): ArmPair | null {
  const others = pairs.filter(({ a }) => a.arm !== arm.arm);
  if (arm.role !== 'baseline') return others.find(({ a }) => a.role === 'baseline') ?? null;
  const strangers = others.filter(({ a }) => a.policy !== arm.policy);
  return strangers.find(({ a }) => a.role === 'bound') ?? strangers[0] ?? null;
}

/** The primary measure, and the CPU per page as the most repeatable cost. */
function comparedMeasures(
  { measures, primaryMeasure }: ExperimentAnalysis,
  ...arms: ArmAnalysis[]
): MeasureDescription[] {
  const cost = ['cpuMicrosPerPage', 'serverCpuMicros'].find((name) =>
    arms.every((arm) => arm.measures[name] != null),
  );
  const second = measures.find(({ name }) => name === cost && name !== primaryMeasure.name);
  return [primaryMeasure, ...(second === undefined ? [] : [second])];
}

function compareTimed(
  measure: MeasureDescription,
  { a, b }: ArmPair,
  control: ArmPair | null,
  options: { crossHost: boolean; isPrimary: boolean },
): Pending | null {
  const { crossHost, isPrimary } = options;
  const [left, right] = [a.measures[measure.name], b.measures[measure.name]];
  if (left == null || right == null) return null;
  const [before, after] = [logSampleOf(left), logSampleOf(right)];
  const change: TimedChange = {
    ...{ measure, a: left, b: right, ratio: null, relative: null, control: null },
    ...{ pHolm: null, verdict: 'no verdict' },
  };
  const trials = Math.min(left.n, right.n);
  const absolute = before === null || after === null || crossHost ? null : welch([after], [before]);
  const relative =
    control === null ? null : relativeChange(measure.name, { a, b }, control, isPrimary);
  change.ratio = absolute === null ? null : ratioOf(absolute, trials);
  change.relative = relative === null ? null : ratioOf(relative, trials);
  change.control = relative === null ? null : (control?.a.arm ?? null);
  const tests = [absolute, relative].filter((one) => one !== null);
  // Across hosts a change of the time itself says nothing, and without a control nothing is left.
  return { change, tests: crossHost && relative === null ? [] : tests, trials };
}

/** The arm's change with the control's divided out. */
function relativeChange(
  measure: string,
  arm: ArmPair,
  control: ArmPair,
  isPrimary: boolean,
): Difference | null {
  if (isPrimary) {
    // Trials of one round share their minute, and the strip knows the round of each.
    const [before, after] = [roundRatios(arm.a, control.a), roundRatios(arm.b, control.b)];
    return before === null || after === null ? null : welch([after], [before]);
  }
  const samples = [arm.b, control.a, arm.a, control.b].map((one) => {
    const estimate = one.measures[measure];
    return estimate == null ? null : logSampleOf(estimate);
  });
  const [armB, controlA, armA, controlB] = samples;
  return armB && controlA && armA && controlB ? welch([armB, controlA], [armA, controlB]) : null;
}

/** Logarithms of arm / control, round by round. */
function roundRatios(arm: ArmAnalysis, control: ArmAnalysis): Sample | null {
  const logs = arm.strip.flatMap(({ round, state, value }) => {
    const twin = control.strip.find((one) => one.round === round && one.state === 'completed');
    const usable = state === 'completed' && value !== null && value > 0;
    return usable && twin?.value != null && twin.value > 0 ? [Math.log(value / twin.value)] : [];
  });
  return sampleOf(logs);
}

function ratioOf(change: Difference, n: number): Estimate {
  const { low, high } = differenceInterval(change, 0.95);
  return {
    value: Math.exp(change.difference),
    interval: { low: Math.exp(low), high: Math.exp(high), level: 0.95 },
    n,
  };
}

/**
 * Puts the words. An arm is better or worse only if its own change and the one against its control both are clear of the
 * zone of +-5 % and significant after Holm: a slower hour makes every arm slower, and no regression.
 */
function decideAll(pending: readonly Pending[]): void {
  const tested = pending.filter(({ tests }) => tests.length > 0);
  // Both of an arm's tests must hold, so the larger p is the one that counts.
  const adjusted = holm(tested.map(({ tests }) => Math.max(...tests.map(({ p }) => p))));
  for (const [index, { change, tests, trials }] of tested.entries()) {
    change.pHolm = adjusted[index] ?? null;
    if (trials < ROUNDS_FOR_A_VERDICT) continue;
    const intervals = tests.map((one) => differenceInterval(one, 0.95));
    const significant = (change.pHolm ?? 1) <= ALPHA;
    const lower = significant && intervals.every(({ high }) => high < -ZONE_LOG);
    const higher = significant && intervals.every(({ low }) => low > ZONE_LOG);
    const isLowerBetter = change.measure.better === 'lower';
    if (lower || higher) change.verdict = lower === isLowerBetter ? 'better' : 'worse';
    else change.verdict = isInsideZone(tests.at(-1)!) ? 'equivalent' : 'inconclusive';
  }
}

/** Two one-sided tests at 5 %. */
function isInsideZone(change: Difference): boolean {
  const { low, high } = differenceInterval(change, 0.9);
  return low >= -ZONE_LOG && high <= ZONE_LOG;
}

/** Counts that are a cost: more of them is worse. Others are not compared, for nobody says which way is better. */
const COSTS = /^(?:loads|stale|stuck|torn|lost|backwards)/i;

function compareCounts(a: ArmAnalysis, b: ArmAnalysis): CountChange[] {
  const selects = [a.selectsPerPage.server, b.selectsPerPage.server];
  const samples = Object.keys(a.findings?.samples ?? {}).map((name) => ({
    name,
    values: [a, b].map((arm) => constant(arm.findings?.samples[name] ?? [])),
    worst: Math.max(...(b.findings?.samples[name] ?? [])),
  }));
  const totals = Object.keys(a.findings?.totals ?? {}).map((name) => ({
    name,
    values: [a, b].map((arm) => arm.findings?.totals[name] ?? null),
  }));
  return [
    ...countChange('SELECTs per page', selects[0] ?? null, selects[1] ?? null),
    ...samples
      .filter(({ name }) => COSTS.test(name))
      .flatMap(({ name, values: [left = null, right = null], worst }) =>
        countChange(name, left, right ?? (Number.isFinite(worst) ? worst : null)),
      ),
    // A sum grows with the trials: only a nought can be compared.
    ...totals
      .filter(({ name, values: [left] }) => COSTS.test(name) && left === 0)
      .flatMap(({ name, values: [left = null, right = null] }) => countChange(name, left, right)),
  ];
}

/** The value that all repetitions share; null where they differ, or without one. */
function constant(values: readonly number[]): number | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}

/** Only whole numbers are exact: 114 SELECTs per page are a fact, 5.7 depend on when the updates fell. */
function countChange(name: string, a: number | null, b: number | null): CountChange[] {
  if (a === null || b === null || !Number.isInteger(a)) return [];
  return [{ name, a, b, verdict: a === b ? 'same' : b > a ? 'worse' : 'better' }];
}

function regressionsOf({ name, arms, lost }: ExperimentChange): string[] {
  return [
    ...arms.flatMap(({ arm, timed, counts }) => [
      ...timed
        .filter(({ verdict }) => verdict === 'worse')
        .map(({ measure }) => `${name}, ${arm}: ${measure.title} is worse`),
      ...counts
        .filter(({ verdict }) => verdict === 'worse')
        .map((count) => `${name}, ${arm}: ${count.name} went from ${count.a} to ${count.b}`),
    ]),
    ...lost.map((arm) => `${name}, ${arm}: no valid trial any more`),
  ];
}

function sentenceOf(one: ExperimentChange, crossHost: boolean): string {
  const words = one.arms.flatMap(({ timed }) => timed.map(({ verdict }) => verdict));
  const counts = one.arms.flatMap((arm) => arm.counts);
  const count = (verdict: TimedChange['verdict']): number =>
    words.filter((word) => word === verdict).length;
  const changed = counts.filter(({ verdict }) => verdict !== 'same').length;
  const exact =
    counts.length === 0
      ? 'no exact count to compare'
      : changed === 0
        ? `all ${counts.length} exact counts are the same`
        : `${changed} of ${counts.length} exact counts changed`;
  const judged = words.length - count('no verdict');
  const fewest = Math.min(
    ...one.arms.flatMap(({ timed }) => timed.flatMap(({ a, b }) => [a.n, b.n])),
  );
  const why =
    Number.isFinite(fewest) && fewest < ROUNDS_FOR_A_VERDICT
      ? `${fewest} trials an arm, ${ROUNDS_FOR_A_VERDICT} are needed`
      : 'nothing to test';
  const timed =
    judged === 0
      ? `no verdict on times (${why})`
      : `${count('worse')} worse, ${count('better')} better, ${count('equivalent')} equivalent, ${count('inconclusive')} inconclusive`;
  return `${one.title}: ${crossHost ? 'against the control arm, ' : ''}${timed}; ${exact}.`;
}

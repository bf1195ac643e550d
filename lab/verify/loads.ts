import type { ExperimentAnalysis, RunResult, TrialRecord } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';
import { arithmeticMean } from '../stats/mean.ts';

/** Expiries that each arm must show. */
const EXPIRIES = 20;

/** Arms whose loads theory gives, and how it is held against them. */
const BURSTS = ['cached', 'single-flight', 'lock', 'lock+single-flight', 'lease', 'hardened'];
const EXACT = [...BURSTS, ...BURSTS.map((name) => `${name}-x4`), 'lock-short'];
const OPEN = ['cached-open'];
/** XFetch by its β. */
const EARLY: Readonly<Record<string, number>> = { 'xfetch-open': 1, 'xfetch-2-open': 2 };
/** λβΔ from which on e^(1/β) holds. */
const BUSY = 20;
const LEAKING = ['lock-naive-x4', 'lock-naive-open-x4'];

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'loads per expiry against theory over 20 expiries of each arm, about 18 minutes',
  experiments: ['stampede'],
  flags: {
    profile: 'full',
    arms: [...EXACT, ...OPEN, ...Object.keys(EARLY), ...LEAKING].join(','),
  },
  // 115 s hold 20 expiries of copies that live 4 s; bursts end after 20.
  design: { rounds: 1, warmSeconds: 3, measureSeconds: 115 },
  judge,
};

function judge(result: RunResult, _records: readonly TrialRecord[]): Judgement {
  const analysis = result.experiments.find(({ name }) => name === 'stampede');
  if (analysis === undefined) return { lines: ['stampede did not run'], passed: false };
  const judged = [
    ...[...EXACT, ...OPEN].map((arm) => againstTheory(analysis, arm)),
    ...Object.entries(EARLY).map(([arm, beta]) => againstLimit(analysis, arm, beta)),
    leak(analysis),
  ];
  return {
    lines: judged.flatMap(({ lines }) => lines),
    passed: judged.every(({ passed }) => passed),
  };
}

function samples(analysis: ExperimentAnalysis, arm: string, name: string): readonly number[] {
  return analysis.arms.find((one) => one.arm === arm)?.findings?.samples[name] ?? [];
}

function againstTheory(analysis: ExperimentAnalysis, arm: string): Judgement {
  const values = samples(analysis, arm, 'loadsPerExpiry');
  const check = analysis.theory?.find(
    (one) => one.arm === arm && one.quantity === 'loads per expiry',
  );
  if (check === undefined) {
    const why =
      values.length === 0
        ? 'no valid trial'
        : 'its load time was too near to a whole multiple of the lock’s life';
    return { lines: [`${arm}: not judged, ${why}`], passed: false };
  }
  const enough = values.length >= EXPIRIES;
  return {
    lines: [
      `${arm}: ${describe(values)}, theory ${round(check.theory)} (${check.formula}; ${check.note}): ${check.agrees === true ? 'agrees' : 'does not agree'}${enough ? '' : `; too few, ${EXPIRIES} are needed`}`,
    ],
    passed: enough && check.agrees === true,
  };
}

function againstLimit(analysis: ExperimentAnalysis, arm: string, beta: number): Judgement {
  const values = samples(analysis, arm, 'loadsPerExpiry');
  const mean = arithmeticMean(values);
  const rate = arithmeticMean(samples(analysis, arm, 'readsPerSecond'))?.value ?? 0;
  const loadMs = arithmeticMean(samples(analysis, arm, 'firstLoadMs'))?.value ?? 0;
  const busy = (rate * beta * loadMs) / 1000;
  const limit = Math.exp(1 / beta);
  const { low, high } = mean?.interval ?? { low: Number.NaN, high: Number.NaN };
  const inside = low <= limit && limit <= high;
  const counts = values.length >= EXPIRIES && busy >= BUSY;
  return {
    lines: [
      `${arm}: ${describe(values)}, 95 % interval ${round(low)} to ${round(high)}, theory ${round(limit)} (e^(1/β), β = ${beta}, λβΔ = ${round(busy)}): ${inside ? 'inside' : 'outside'}${counts ? '' : `; does not count, it needs ${EXPIRIES} refreshes and λβΔ >= ${BUSY}`}`,
    ],
    passed: inside && counts,
  };
}

/** The published lock must be seen to let a second load in. */
function leak(analysis: ExperimentAnalysis): Judgement {
  const lines = LEAKING.map((arm) => {
    const values = samples(analysis, arm, 'loadsPerExpiry');
    const leaks = values.filter((loads) => loads > 1).length;
    return `${arm}: more than one load in ${leaks} of ${values.length} expiries`;
  });
  const all = LEAKING.flatMap((arm) => samples(analysis, arm, 'loadsPerExpiry'));
  return { lines, passed: all.length >= EXPIRIES && all.some((loads) => loads > 1) };
}

/** `1 in all 20 expiries`, `mean 37.2, 31 to 44 in 21 expiries`. */
function describe(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return 'no expiry';
  if (low === high) return `${low} in all ${values.length} expiries`;
  const mean = arithmeticMean(values)?.value ?? 0;
  return `mean ${round(mean)}, ${low} to ${high} in ${values.length} expiries`;
}

function round(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'unknown';
}

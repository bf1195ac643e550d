import type { ArmAnalysis, RunResult, TrialRecord } from '../result.ts';
import { medianOf } from '../stats/median.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

const EXPIRIES = 20;
/** Of the p99 about an expiry over the p99 on hits. */
const MOST_RATIO = 2;
/** Of the hit ratio. */
const MOST_LOSS = 0.005;
const UPDATED = ['hardened-updated', 'hardened-updated-x4'];

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'hit ratio, tail, staleness and loads of the policy hardened, about 11 minutes',
  experiments: ['hardened'],
  flags: { profile: 'full' },
  judge,
};

function judge(result: RunResult, _records: readonly TrialRecord[]): Judgement {
  const arms = result.experiments.find(({ name }) => name === 'hardened')?.arms ?? [];
  const valid = (name: string): ArmAnalysis | undefined =>
    arms.find((one) => one.arm === name && one.trials.valid > 0);
  const judged = [
    hitRatio(valid('cached'), valid('hardened')),
    ...UPDATED.flatMap((name) => {
      const arm = valid(name);
      return arm === undefined
        ? [{ lines: [`${name}: no valid trial`], passed: false }]
        : [tail(arm), loads(arm), staleness(arm)];
    }),
  ];
  return {
    lines: judged.flatMap(({ lines }) => lines),
    passed: judged.every(({ passed }) => passed),
  };
}

const samples = (arm: ArmAnalysis, name: string): readonly number[] =>
  arm.findings?.samples[name] ?? [];

function hitsOf({ findings }: ArmAnalysis): { ratio: number; reads: number } {
  const { reads = 0, hits = 0 } = findings?.totals ?? {};
  return { ratio: reads === 0 ? 0 : hits / reads, reads };
}

function hitRatio(plain: ArmAnalysis | undefined, best: ArmAnalysis | undefined): Judgement {
  if (plain === undefined || best === undefined)
    return { lines: ['hit ratio: no valid trial of cached and hardened'], passed: false };
  const [before, after] = [hitsOf(plain), hitsOf(best)];
  const passed = after.reads > 0 && after.ratio >= before.ratio - MOST_LOSS;
  return {
    lines: [
      `hit ratio without updates: hardened ${percent(after.ratio)} of ${after.reads} reads, cached ${percent(before.ratio)} of ${before.reads} (at most ${percent(MOST_LOSS)} below)`,
    ],
    passed,
  };
}

function tail(arm: ArmAnalysis): Judgement {
  const values = samples(arm, 'p99Ratio');
  const ratio = medianOf(values);
  const equals = medianOf(samples(arm, 'p99HitsRatio'));
  const change = medianOf(samples(arm, 'p99RatioOfChange'));
  const value = ratio?.value ?? Number.NaN;
  return {
    lines: [
      `${arm.arm}: p99 about an expiry over p99 on hits: median ${words(ratio)} over ${values.length} expiries (at most ${MOST_RATIO}, at least ${EXPIRIES} expiries); hits over hits ${words(equals)}`,
      `${arm.arm}: after a change, for comparison: median ${words(change)} over ${change?.n ?? 0} reloads`,
    ],
    passed: values.length >= EXPIRIES && value <= MOST_RATIO,
  };
}

function loads(arm: ArmAnalysis): Judgement {
  const values = samples(arm, 'loadsPerExpiry');
  const changes = samples(arm, 'changesPerReload');
  const perChange = samples(arm, 'loadsPerChange');
  // A change that falls into a load makes it worthless: one load more.
  const tooMany = perChange.filter((count, index) => count > 1 + (changes[index] ?? 0)).length;
  const others = values.filter((count) => count !== 1).length;
  return {
    lines: [
      `${arm.arm}: 1 load in ${values.length - others} of ${values.length} expiries (all); after changes more than one load and one for each of them in ${tooMany} of ${perChange.length} (none)`,
    ],
    passed: values.length >= EXPIRIES && others === 0 && tooMany === 0,
  };
}

function staleness(arm: ArmAnalysis): Judgement {
  const { reads = 0, staleReads = 0, writes = 0 } = arm.findings?.totals ?? {};
  const longestMs = Math.max(...samples(arm, 'longestStaleMs'));
  const boundMs = Math.min(...samples(arm, 'staleBoundMs'));
  const passed = writes > 0 && longestMs <= boundMs;
  return {
    lines: [
      `${arm.arm}: longest staleness ${Math.round(longestMs)} ms, bound ${Math.round(boundMs)} ms; ${staleReads} of ${reads} reads stale, ${writes} changes`,
    ],
    passed: passed && Number.isFinite(boundMs),
  };
}

function words(estimate: ReturnType<typeof medianOf>): string {
  if (estimate === null) return 'unknown';
  const { value, interval } = estimate;
  if (interval === null) return value.toFixed(2);
  return `${value.toFixed(2)} (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

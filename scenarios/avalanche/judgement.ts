import { armOf, claim, figure, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate, Score, TheoryCheck } from '../../lab/result.ts';
import { poissonInterval } from '../../lab/stats/poisson.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { highestOfWindows } from '../../lab/theory/avalanche.ts';
import { percent } from '../../reports/format.ts';
import { FEW_STORES, MAX_WAIT_MS, REQUESTS_PER_SECOND, STORES, ttlMsOf } from './plan.ts';

/** Above it, readers feel the cure's absence; below a tenth of it, nobody does. */
const BAD_SHARE = 0.01;

/** A total of an arm's findings; 0 without. */
function total(arm: ArmAnalysis, name: string): number {
  return arm.findings?.totals[name] ?? 0;
}

function mean(arm: ArmAnalysis, name: string): number | null {
  const values = arm.findings?.samples[name] ?? [];
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Pages that failed or took more than a second, of all. */
function harmed(arm: ArmAnalysis): { events: number; reads: number; share: Estimate } {
  const events = total(arm, 'failed') + total(arm, 'slow');
  const reads = total(arm, 'reads');
  const share = wilson(events, reads) ?? { value: 0, interval: null, n: 0 };
  return { events, reads, share };
}

/** The pair that a claim is judged by: that of 1,000 stores, or the small one. */
function pair(
  analysis: Analysed,
): { flat: ArmAnalysis; jitter: ArmAnalysis; stores: number } | null {
  for (const [flatName, jitterName] of [
    ['flat', 'jitter10'],
    ['flat-300', 'jitter10-300'],
  ] as const) {
    const [flat, jitter] = [armOf(analysis, flatName), armOf(analysis, jitterName)];
    if (flat !== null && jitter !== null) {
      return { flat, jitter, stores: flatName === 'flat' ? STORES : FEW_STORES };
    }
  }
  return null;
}

const peakOf = (arm: ArmAnalysis): number => arm.measures['peakSelectsPerSecond']?.value ?? 0;

const harmText = (arm: ArmAnalysis): string => {
  const { events, reads, share } = harmed(arm);
  const up =
    share.interval === null
      ? ''
      : ` (${percent(share.interval.low)} to ${percent(share.interval.high)})`;
  return `${events} of ${reads} pages failed or took over 1.2 s${up}`;
};

export function answer(analysis: Analysed): string {
  const both = pair(analysis);
  if (both === null) return 'No answer: no valid trial of both one TTL for all and TTL ± 10 %.';
  const { flat, jitter, stores } = both;
  const bad = mean(flat, 'recoverySeconds') ?? 0;
  return `${figure(stores)} copies that end at once ask the database for ${figure(peakOf(flat))} SELECTs in a second and ${percent(harmed(flat).share.value)} of the pages fail or take over 1.2 s, for ${figure(bad)} s; with TTL ± 10 % the peak is ${figure(peakOf(jitter))} and it is ${percent(harmed(jitter).share.value)}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  const both = pair(analysis);
  if (both === null) return [notJudged('C22', 'no valid trial of both one TTL for all and ± 10 %')];
  const { flat, jitter, stores } = both;
  const [before, after] = [harmed(flat), harmed(jitter)];
  if ((mean(flat, 'badSeconds') ?? 0) === 0) {
    return [
      notJudged('C22', 'copies that ended at once did no harm here: there was nothing to cure'),
    ];
  }
  const ends = stores / (0.2 * (ttlMsOf(stores) / 1000));
  const able = mean(jitter, 'capacityPagesPerSecond') ?? 0;
  const measured = `highest second ${figure(peakOf(flat))} SELECTs with one TTL, ${figure(peakOf(jitter))} with ± 10 %; ${harmText(flat)}, against ${harmText(jitter)}`;
  const condition = `it holds while K/(2·j·TTL), ${figure(ends)} pages/s here, stays below what the database loads, ${figure(able)} pages/s here: ten times the stores or a tenth of the TTL need more jitter`;
  if (after.share.value <= BAD_SHARE / 10) return [claim('C22', 'confirmed', measured, condition)];
  if (after.share.value <= before.share.value / 2) {
    return [claim('C22', 'depends', measured, `better, not cured; ${condition}`)];
  }
  return [claim('C22', 'refuted', measured, `as many readers suffer as without; ${condition}`)];
}

/** Cells of the scorecard; a small run gives none. */
export function scores(analysis: Analysed): Score[] {
  const arms = [
    ['flat', 'cached'],
    ['jitter10', 'jitter'],
    ['xfetch', 'xfetch'],
    ['swr', 'swr'],
  ] as const;
  return arms.flatMap(([name, policy]) => {
    const arm = armOf(analysis, name);
    if (arm === null) return [];
    const { share } = harmed(arm);
    const tone =
      share.value > BAD_SHARE ? 'bad' : share.value > BAD_SHARE / 10 ? 'neutral' : 'good';
    return [
      {
        policy,
        disease: 'avalanche' as const,
        words: `1,000 copies end together: ${figure(peakOf(arm))} SELECTs in the highest second, ${percent(share.value)} of the pages fail or take over 1.2 s`,
        estimate: arm.measures['peakSelectsPerSecond'] ?? null,
        tone,
      },
    ];
  });
}

export function theory(analysis: Analysed): TheoryCheck[] {
  return analysis.arms
    .filter((arm) => arm.trials.valid > 0)
    .flatMap((arm) => [...spreadRows(arm), ...cliffRows(arm), ...outageRows(arm)]);
}

/** Ends and SELECTs while copies end one by one. */
function spreadRows(arm: ArmAnalysis): TheoryCheck[] {
  const seconds = total(arm, 'plateauExpirySeconds');
  const selectSeconds = total(arm, 'plateauSelectSeconds');
  if (seconds === 0 || selectSeconds === 0) return [];
  const n = arm.trials.valid;
  const formula = arm.arm === 'staggered' ? 'K / stretch' : 'K / (2·j·TTL)';
  const ended = total(arm, 'plateauExpiries');
  const exact = poissonInterval(ended);
  const perSecond = total(arm, 'plateauExpiriesExpected') / seconds;
  const selects = total(arm, 'plateauSelects');
  const margin = 1.96 * Math.sqrt(total(arm, 'plateauSelectSquares'));
  return [
    compared({
      ...{ arm: arm.arm, quantity: 'copies that end per second', unit: '/s', formula },
      theory: perSecond,
      measured: estimate(ended / seconds, exact.low / seconds, exact.high / seconds, n),
      note: 'from the lives that the server wrote into the copies, in the middle half of the spread; exact Poisson interval',
    }),
    compared({
      ...{ arm: arm.arm, quantity: 'SELECTs per second while they end', unit: '/s' },
      formula: `${formula} · SELECTs per page · (1 + λΔ), less what has not been asked for yet`,
      theory: total(arm, 'plateauSelectsExpected') / selectSeconds,
      measured: estimate(
        selects / selectSeconds,
        (selects - margin) / selectSeconds,
        (selects + margin) / selectSeconds,
        n,
      ),
      note: 'later half of the spread; the interval counts pages as they come, each with its own number of SELECTs',
    }),
    ...highestSecond(arm, perSecond),
  ];
}

/** The highest of the seconds lies above the mean by chance. */
function highestSecond(arm: ArmAnalysis, perSecond: number): TheoryCheck[] {
  const peaks = arm.findings?.samples['peakExpiriesPerSecond'] ?? [];
  const windows = Math.round(
    (total(arm, 'plateauExpirySeconds') * 2) / Math.max(1, arm.trials.valid),
  );
  if (peaks.length === 0 || windows === 0 || arm.arm === 'jitter50') return [];
  const { low, median, high } = highestOfWindows(windows, perSecond);
  const value = peaks.reduce((sum, one) => sum + one, 0) / peaks.length;
  return [
    {
      ...{ arm: arm.arm, quantity: 'copies that end in the highest second', unit: '/s' },
      formula: `median of the highest of ${windows} Poisson counts`,
      theory: median,
      measured: { value, interval: null, n: peaks.length },
      agrees: peaks.filter((peak) => peak >= low && peak <= high).length >= peaks.length * 0.8,
      note: `one trial in 20 falls outside of ${low} to ${high} by chance`,
    },
  ];
}

/** Without a spread, the database's own limit is the peak. */
function cliffRows(arm: ArmAnalysis): TheoryCheck[] {
  const able = mean(arm, 'capacitySelectsPerSecond');
  const peak = arm.measures['peakSelectsPerSecond'];
  if (arm.arm !== 'flat' || able === null || peak == null) return [];
  return [
    {
      ...{ arm: arm.arm, quantity: 'SELECTs in the highest second', unit: '/s' },
      formula: 'min(arrivals, connections / page time) · SELECTs per page',
      theory: able,
      measured: peak,
      agrees: Math.abs(peak.value / able - 1) <= 0.2,
      note: 'theory: what the warm-up reached with every connection busy; within 20 %, because the highest second is higher than the mean',
    },
  ];
}

function outageRows(arm: ArmAnalysis): TheoryCheck[] {
  const reads = total(arm, 'outageReads');
  const able = mean(arm, 'capacityPagesPerSecond');
  if (reads === 0 || able === null) return [];
  const seconds = total(arm, 'outageSeconds') / arm.trials.valid;
  const wait = MAX_WAIT_MS / 1000;
  const expected = Math.min(1, (able * (seconds + wait)) / (REQUESTS_PER_SECOND * seconds));
  const measured = wilson(total(arm, 'outageAnswered'), reads)!;
  return [
    {
      ...{ arm: arm.arm, quantity: 'share of pages answered while Redis is away', unit: '' },
      formula: 'C·(D + w) / (λ·D)',
      theory: expected,
      measured: { ...measured, n: arm.trials.valid },
      agrees: Math.abs(measured.value - expected) <= 0.1,
      note: 'C pages/s of the database as the warm-up found it, D length of the outage, w longest wait for a connection; within 0.1',
    },
  ];
}

function estimate(value: number, low: number, high: number, n: number): Estimate {
  return { value, interval: { low, high, level: 0.95 }, n };
}

function compared(check: Omit<TheoryCheck, 'agrees'>): TheoryCheck {
  const { interval } = check.measured;
  const agrees =
    interval === null ? null : check.theory >= interval.low && check.theory <= interval.high;
  return { ...check, agrees };
}

import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { cpuBars, cpuMicros } from '../../reports/charts/cpu.ts';
import { ecdf, shareWithin } from '../../reports/charts/ecdf.ts';
import { forest } from '../../reports/charts/forest.ts';
import { percentilePlot } from '../../reports/charts/percentiles.ts';
import { queryStrip } from '../../reports/charts/queries.ts';
import { quantileMs } from '../../reports/charts/rate-sweep.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { list, micros, milliseconds, number, ratioWithInterval } from '../../reports/format.ts';

/** The time that the story promises for a cached page. */
const BUDGET_MS = 200;

/** Figures of the latency experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const comparisons = analysis.comparisons.filter(
    ({ measure }) => measure.name === analysis.primaryMeasure.name,
  );
  return [
    forest(analysis, { title: forestTitle(analysis), comparisons }),
    percentilePlot(analysis, { title: percentileTitle(analysis) }),
    ecdf(analysis, { title: budgetTitle(analysis.arms), budgetMs: BUDGET_MS }),
    timeline(analysis, { title: timelineTitle(analysis) }),
    queryStrip(analysis, { title: queryTitle(analysis.arms) }),
    cpuBars(analysis, { title: cpuTitle(analysis.arms) }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function forestTitle({ comparisons }: ExperimentAnalysis): string {
  const primary = comparisons.find(({ rank }) => rank === 'primary');
  if (primary?.ratio == null) return 'Too few valid rounds for a ratio';
  const { candidate, baseline, measure } = primary;
  return `The ${measure.title} of ${candidate} is ${ratioWithInterval(primary.ratio)} of ${baseline}`;
}

function percentileTitle({ arms }: ExperimentAnalysis): string {
  const parts = ['uncached', 'joined', 'cached'].flatMap((name) => {
    const arm = arms.find((candidate) => candidate.arm === name);
    const ms = arm === undefined ? null : quantileMs(arm, 0.99);
    return ms === null ? [] : [`${milliseconds(ms)} ${name}`];
  });
  return parts.length === 0
    ? 'How slow the slow tail is'
    : `99 % of pages arrive within ${list(parts)}`;
}

function budgetTitle(arms: readonly ArmAnalysis[]): string {
  const parts = ['uncached', 'joined', 'cached'].flatMap((name) => {
    const arm = arms.find((candidate) => candidate.arm === name);
    const share = arm === undefined ? null : shareWithin(arm, BUDGET_MS);
    return share === null ? [] : [`${share} of ${name}`];
  });
  return parts.length === 0
    ? `Pages within ${milliseconds(BUDGET_MS)}`
    : `Within ${milliseconds(BUDGET_MS)}: ${list(parts)} pages`;
}

function timelineTitle({ arms }: ExperimentAnalysis): string {
  const updated = arms.find(
    ({ policy, events, timeline: seconds }) =>
      policy === 'invalidated' && events.length > 0 && seconds.length > 0,
  );
  const slowest = (updated?.timeline ?? []).map(({ p99Ms, maxMs }) => p99Ms ?? maxMs ?? 0);
  if (updated === undefined || slowest.length === 0) return 'Response time over the measured phase';
  const calm = updated.timeline.map(({ p50Ms }) => p50Ms);
  return `After a price update ${updated.arm} pays for a full page, up to ${milliseconds(Math.max(...slowest))}; its p50 stays within ${milliseconds(Math.max(...calm))}`;
}

function queryTitle(arms: readonly ArmAnalysis[]): string {
  const parts = ['uncached', 'joined', 'cached'].flatMap((name) => {
    const count = arms.find(({ arm }) => arm === name)?.selectsPerPage.server;
    return count == null ? [] : [`${number(count)} ${name}`];
  });
  return parts.length === 0 ? 'SELECTs per page' : `SELECTs per page: ${list(parts)}`;
}

function cpuTitle(arms: readonly ArmAnalysis[]): string {
  const parts = ['uncached', 'joined', 'cached'].flatMap((name) => {
    const arm = arms.find((candidate) => candidate.arm === name);
    const cost = arm === undefined ? null : cpuMicros(arm);
    return cost === null ? [] : [`${micros(cost)} ${name}`];
  });
  return parts.length === 0 ? 'CPU time per page' : `CPU per page: ${list(parts)}`;
}

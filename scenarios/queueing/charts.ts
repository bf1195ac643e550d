import type { ExperimentAnalysis } from '../../lab/result.ts';
import { quantileMs, rateSweep, sweepPoints } from '../../reports/charts/rate-sweep.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number } from '../../reports/format.ts';

/** Connections in the server's pool, as in the story. */
const POOL_CONNECTIONS = 50;

/** What the story's users wait. */
const STORY = { ms: 6000, label: 'the story’s 6 s' };

/** Figures of the queueing experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    rateSweep(analysis, {
      title: sweepTitle(analysis),
      capacityPerSecond: poolCapacity(analysis),
      mark: STORY,
    }),
    timeline(analysis, {
      title: 'Past capacity the wait grows from second to second',
      look: 'policy',
    }),
    trialStrip(analysis, { look: 'policy' }),
  ].filter((figure) => figure !== null);
}

/**
 * Pages per second that the pool can serve, by Little's law: each page holds one connection for as
 * long as it takes, so 50 connections serve 50 pages per page time. The page time is the p50 at the
 * lowest rate, where nobody waits.
 */
function poolCapacity(analysis: ExperimentAnalysis): number | null {
  const lowest = sweepPoints(analysis)[0];
  const pageMs = lowest === undefined ? null : quantileMs(lowest.arm, 0.5);
  return pageMs === null ? null : (POOL_CONNECTIONS / pageMs) * 1000;
}

function sweepTitle(analysis: ExperimentAnalysis): string {
  const points = sweepPoints(analysis).flatMap(({ ratePerSecond, arm }) => {
    const ms = quantileMs(arm, 0.5);
    return ms === null ? [] : [{ ratePerSecond, ms }];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || first === last)
    return 'Response time by offered rate';
  return `The same page: p50 ${milliseconds(first.ms)} at ${number(first.ratePerSecond)}/s, ${milliseconds(last.ms)} at ${number(last.ratePerSecond)}/s`;
}

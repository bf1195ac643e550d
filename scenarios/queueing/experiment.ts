import { armOf, claim, milliseconds, notJudged, quantileOf } from '../../lab/claims.ts';
import type { Analysed, Arm, Experiment } from '../../lab/experiment.ts';
import { poolMaxWaiting, responseMs, serverCores } from '../../lab/measures.ts';
import type { ClaimResult } from '../../lab/result.ts';
import { charts } from './charts.ts';

const RATES = [10, 30, 45, 55, 70] as const;

/** Longest page that the story reports, in ms. */
const STORY_MS = 5000;

const atRate = (ratePerSecond: number): Arm => ({
  name: `r${ratePerSecond}`,
  title: `${ratePerSecond} pages/s`,
  policy: 'uncached',
  role: ratePerSecond === RATES[0] ? 'baseline' : 'candidate',
  // Past capacity the queue grows for as long as the load lasts, and every waiting request holds a user.
  load: {
    kind: 'open',
    ratePerSecond,
    arrivals: 'even',
    expectedP99Ms: 1000,
    virtualUsers: Math.max(60, ratePerSecond * 14),
  },
  cache: 'cold',
  expects: { selectsPerLoad: 114 },
  pool: 'unbounded',
});

export const experiment: Experiment = {
  name: 'queueing',
  title: 'Why 1 second becomes 6',
  question:
    'How does a page whose queries add up to about 1 s come to take 5-6 s, while CPU and replica look relaxed?',
  load: { kind: 'open', ratePerSecond: RATES[0], arrivals: 'even', expectedP99Ms: 1000 },
  updatesPerSecond: 0,
  arms: RATES.map(atRate),
  measures: [responseMs('p50Ms', 0.5, 'median response time'), poolMaxWaiting, serverCores],
  comparisons: RATES.slice(1).map((rate) => ({
    baseline: `r${RATES[0]}`,
    candidate: `r${rate}`,
    measure: 'p50Ms',
    rank: 'interval only' as const,
  })),
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 2, measureSeconds: 7, arms: ['r10', 'r70'] },
    standard: { rounds: 1, warmSeconds: 3, measureSeconds: 15 },
    full: { rounds: 12, warmSeconds: 5, measureSeconds: 20 },
  },
  flagsAsMeasures: {
    'not-steady': 'a queue that grows is what this experiment looks for',
    'host-busy': 'past capacity the machine may be full; how full is reported',
    'start-lag': 'a full machine starts requests late; the lag is part of the response time here',
  },
  answer,
  claims,
  caveats: [
    'Past capacity there is no steady response time: it grows with every second of overload, so the figure depends on how long the load lasts.',
    'The server waits for a connection without bound here, as the app of the story did; elsewhere it sheds with 503.',
  ],
  charts,
};

/** The arm whose median is the longest. */
function slowest(analysis: Analysed): { title: string; p50: number } | null {
  let worst: { title: string; p50: number } | null = null;
  for (const { arm, title } of analysis.arms) {
    const p50 = quantileOf(armOf(analysis, arm), 0.5);
    if (p50 !== null && (worst === null || p50 > worst.p50)) worst = { title, p50 };
  }
  return worst;
}

function answer(analysis: Analysed): string {
  const calm = quantileOf(armOf(analysis, `r${RATES[0]}`), 0.5);
  const worst = slowest(analysis);
  if (calm === null || worst === null) return 'No answer: no valid trial at the lowest rate.';
  return `The queries alone take ${milliseconds(calm)} at ${RATES[0]} pages/s; at ${worst.title} the median is ${milliseconds(worst.p50)}, the rest of it spent waiting for one of 50 connections.`;
}

function claims(analysis: Analysed): ClaimResult[] {
  const calm = quantileOf(armOf(analysis, `r${RATES[0]}`), 0.5);
  const worst = slowest(analysis);
  if (calm === null || worst === null)
    return [notJudged('C3', 'no valid trial at the lowest rate')];
  const measured = `${milliseconds(calm)} at ${RATES[0]} pages/s, ${milliseconds(worst.p50)} at ${worst.title}`;
  if (calm >= STORY_MS) return [claim('C3', 'confirmed', measured, 'already without a queue')];
  if (worst.p50 >= STORY_MS) {
    return [
      claim(
        'C3',
        'depends',
        measured,
        'not network and rendering: queueing for connections past capacity makes it 5 s',
      ),
    ];
  }
  return [claim('C3', 'refuted', measured, 'no rate in this run made the page take 5 s')];
}

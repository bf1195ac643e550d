import {
  armOf,
  claim,
  comparisonOf,
  figure,
  milliseconds,
  notJudged,
  quantileOf,
  speedup,
  times,
} from '../../lab/claims.ts';
import type { Analysed, Experiment } from '../../lab/experiment.ts';
import { cpuMicros, cpuMicrosPerPage, responseMs, serverCores } from '../../lab/measures.ts';
import type { ClaimResult } from '../../lab/result.ts';
import { charts } from './charts.ts';

/** Round trips of the naive page: its 114 SELECTs, BEGIN and COMMIT. */
const ROUND_TRIPS = 116;

const open = (expectedP99Ms: number): Experiment['load'] => ({
  kind: 'open',
  ratePerSecond: 20,
  arrivals: 'even',
  expectedP99Ms,
});

export const experiment: Experiment = {
  name: 'latency',
  title: 'What a cache in front of the page gains',
  question:
    'What does a cache in front of the 114-query page gain, against doing nothing and against fixing the query?',
  load: open(80),
  updatesPerSecond: 0,
  arms: [
    {
      name: 'uncached',
      title: 'no cache, 114 SELECTs',
      policy: 'uncached',
      role: 'baseline',
      load: open(1100),
      cache: 'cold',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'joined',
      title: 'no cache, one joined statement',
      policy: 'joined',
      role: 'candidate',
      cache: 'cold',
      expects: { selectsPerLoad: 1 },
    },
    {
      name: 'cached',
      title: 'cache-aside, TTL 1 h, price updates ignored',
      policy: 'cached',
      role: 'candidate',
      updatesPerSecond: 0.2,
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'cached-again',
      title: 'the same as cached, as the A/A twin',
      policy: 'cached',
      role: 'repeat',
      updatesPerSecond: 0.2,
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'invalidated',
      title: 'cache-aside, DEL after each price update',
      policy: 'invalidated',
      role: 'candidate',
      load: open(1100),
      updatesPerSecond: 0.2,
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'static',
      title: 'the same bytes from memory (the bound)',
      policy: 'static',
      role: 'bound',
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
  ],
  measures: [
    responseMs('p50Ms', 0.5, 'median response time'),
    responseMs('p95Ms', 0.95, '95th percentile of the response time'),
    cpuMicrosPerPage,
    cpuMicros('server', 'server'),
    cpuMicros('postgres', 'Postgres'),
    cpuMicros('redis', 'Redis'),
    serverCores,
  ],
  comparisons: [
    { baseline: 'uncached', candidate: 'cached', measure: 'p50Ms', rank: 'primary' },
    { baseline: 'uncached', candidate: 'joined', measure: 'p50Ms', rank: 'family' },
    { baseline: 'joined', candidate: 'cached', measure: 'p50Ms', rank: 'family' },
    { baseline: 'uncached', candidate: 'invalidated', measure: 'p50Ms', rank: 'family' },
    { baseline: 'static', candidate: 'cached', measure: 'p50Ms', rank: 'interval only' },
    { baseline: 'uncached', candidate: 'cached', measure: 'p95Ms', rank: 'interval only' },
    {
      baseline: 'uncached',
      candidate: 'joined',
      measure: 'cpuMicrosPerPage',
      rank: 'interval only',
    },
    {
      baseline: 'uncached',
      candidate: 'cached',
      measure: 'cpuMicrosPerPage',
      rank: 'interval only',
    },
    { baseline: 'joined', candidate: 'cached', measure: 'cpuMicrosPerPage', rank: 'interval only' },
    { baseline: 'cached', candidate: 'cached-again', measure: 'p50Ms', rank: 'noise floor' },
  ],
  profiles: {
    headline: {
      rounds: 12,
      warmSeconds: 1.5,
      measureSeconds: 3,
      arms: ['uncached', 'joined', 'cached', 'cached-again', 'invalidated'],
    },
    quick: {
      rounds: 2,
      warmSeconds: 1,
      measureSeconds: 2.5,
      arms: ['uncached', 'joined', 'cached'],
    },
    standard: { rounds: 12, warmSeconds: 1.5, measureSeconds: 5 },
    full: { rounds: 24, warmSeconds: 5, measureSeconds: 30 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  caveats: [
    'Everything runs on one machine over loopback; the database latency is added by the server on every round trip, as a replica across a network would add it.',
    'The updates are far denser than the once or twice a day of the story, so that a short trial meets some: what they cost here is an upper bound.',
    'Pages keep their outcome for the whole trial: a TTL of 1 h never ends inside it. Expiry, staleness and stampedes are experiments of their own.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const cached = comparisonOf(analysis, 'uncached', 'cached', 'p50Ms');
  const joined = comparisonOf(analysis, 'uncached', 'joined', 'p50Ms');
  const before = quantileOf(armOf(analysis, 'uncached'), 0.5);
  const after = quantileOf(armOf(analysis, 'cached'), 0.5);
  if (cached === null || cached.ratio === null || before === null || after === null) {
    return 'No answer: no round has a valid trial of both the uncached and the cached page.';
  }
  const gain = `A cache in front of the page makes its median ${times(speedup(cached.ratio))} times faster (${milliseconds(before)} to ${milliseconds(after)})`;
  if (joined?.ratio === undefined || joined.ratio === null) return `${gain}.`;
  return `${gain}; one joined statement instead of 114 makes it ${times(speedup(joined.ratio))} times faster without any cache.`;
}

function claims(analysis: Analysed): ClaimResult[] {
  return [
    selectsClaim(analysis),
    sumClaim(analysis),
    idleCpuClaim(analysis),
    notJudged('C5', 'nothing here reads from a disk'),
    speedupClaim(analysis),
    loadClaim(analysis),
  ];
}

function selectsClaim(analysis: Analysed): ClaimResult {
  const counts = armOf(analysis, 'uncached')?.selectsPerPage;
  if (counts === undefined || counts.server === null)
    return notJudged('C1', 'no valid uncached trial');
  const witnesses =
    counts.postgres === null
      ? `${figure(counts.server)} by the server's count (one witness)`
      : `${figure(counts.server)} by the server, ${figure(counts.postgres)} by Postgres`;
  const holds = counts.server === 114 && (counts.postgres === null || counts.postgres === 114);
  return claim('C1', holds ? 'confirmed' : 'refuted', witnesses, 'counted per uncached page');
}

function sumClaim(analysis: Analysed): ClaimResult {
  const p50 = quantileOf(armOf(analysis, 'uncached'), 0.5);
  if (p50 === null) return notJudged('C2', 'no valid uncached trial');
  const perTrip = p50 / ROUND_TRIPS;
  const measured = `${milliseconds(p50)} for ${ROUND_TRIPS} round trips, ${figure(perTrip)} ms each`;
  const setting = `the database latency was set to ${analysis.design.dbLatency} ms`;
  if (Math.abs(p50 / 1140 - 1) <= 0.15) return claim('C2', 'confirmed', measured, setting);
  const quick = perTrip >= 5 && perTrip <= 11;
  return claim(
    'C2',
    quick ? 'depends' : 'refuted',
    measured,
    quick ? `the sum follows the latency of one query; ${setting}` : setting,
  );
}

function idleCpuClaim(analysis: Analysed): ClaimResult {
  const arm = armOf(analysis, 'uncached');
  const cores = arm?.measures['serverCores']?.value ?? null;
  const p50 = quantileOf(arm, 0.5);
  if (cores === null || p50 === null) return notJudged('C4', 'no CPU figures of the uncached page');
  const holds = cores <= 0.5 && p50 >= 500;
  return claim(
    'C4',
    holds ? 'confirmed' : 'refuted',
    `server at ${figure(cores * 100)} % of one core with a median of ${milliseconds(p50)}`,
    'the page waits for round trips, it does not compute',
  );
}

function speedupClaim(analysis: Analysed): ClaimResult {
  const ratio = comparisonOf(analysis, 'uncached', 'cached', 'p50Ms')?.ratio ?? null;
  const after = quantileOf(armOf(analysis, 'cached'), 0.5);
  if (ratio === null || after === null) return notJudged('C6', 'no pair of valid trials');
  const gain = speedup(ratio);
  const low = gain.interval?.low ?? null;
  const high = gain.interval?.high ?? null;
  const measured = `${times(gain)} times faster, median ${milliseconds(after)}`;
  const where = 'against the page of 114 SELECTs without queueing, not against 6 s';
  if (low !== null && low > 30 && after < 200) return claim('C6', 'confirmed', measured, where);
  if ((high !== null && high < 30) || after >= 200) return claim('C6', 'refuted', measured, where);
  return claim('C6', 'depends', measured, `the interval includes 30 or is missing; ${where}`);
}

function loadClaim(analysis: Analysed): ClaimResult {
  const before = armOf(analysis, 'uncached')?.selectsPerPage.server ?? null;
  const cached = armOf(analysis, 'cached')?.selectsPerPage.server ?? null;
  const invalidated = armOf(analysis, 'invalidated')?.selectsPerPage.server ?? null;
  if (before === null || before === 0 || cached === null) {
    return notJudged('C7', 'no valid trial of both pages');
  }
  const saved = (after: number): string => `${figure((1 - after / before) * 100)} %`;
  const measured =
    invalidated === null
      ? `${saved(cached)} fewer SELECTs per page`
      : `${saved(cached)} fewer SELECTs per page; ${saved(invalidated)} with DEL at ${figure(analysis.design.updatesPerSecond)} updates/s`;
  if (1 - cached / before < 0.99)
    return claim('C7', 'refuted', measured, 'below 99 % even without DEL');
  if (invalidated !== null && 1 - invalidated / before < 0.99) {
    return claim(
      'C7',
      'depends',
      measured,
      'on how often the menu changes: each change costs loads',
    );
  }
  return claim('C7', 'confirmed', measured, 'hits run no query');
}

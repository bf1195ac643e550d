import type { Analysed, Experiment, Measure } from '../../lab/experiment.ts';
import type { Estimate, Measurement, Score, TheoryCheck, TradeOff } from '../../lab/result.ts';
import { figure } from '../../lab/claims.ts';
import { agrees, type Cell, cellsOf, factsOf, loadSecondsOf } from './cells.ts';
import { charts } from './charts.ts';
import { armShare, claims, shareText } from './claims.ts';
import { shareOf } from './cycles.ts';
import { ALL, ARMS, poisson, strataOf } from './grid.ts';
import { protocol } from './protocol.ts';

/** SELECTs of one load of the story's page; the loads here are one statement each, so that a thousand pages stay cheap. */
const SELECTS_PER_LOAD = 114;

/** A share of all requests, from the cycles of one trial. */
function share(
  name: string,
  title: string,
  better: Measure['better'],
  counted: 'hits' | 'misses' | 'stale',
): Measure {
  return {
    name,
    title,
    unit: '',
    better,
    read: ({ findings }: Measurement) =>
      findings === undefined
        ? null
        : (shareOf(findings.totals, strataOf(ALL), counted)?.value ?? null),
  };
}

export const experiment: Experiment = {
  name: 'hit-ratio',
  title: 'What the hit ratio depends on',
  question:
    'How do hit ratio, database load and staleness follow from TTL, traffic, popularity and changes, and does the story’s 99.97 % stand?',
  load: poisson(200),
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures: [
    share('hitRatio', 'hit ratio', 'higher', 'hits'),
    share('loadsPerPage', 'loads per page', 'lower', 'misses'),
    share('staleShare', 'share of old pages', 'lower', 'stale'),
  ],
  comparisons: [],
  profiles: {
    headline: {
      rounds: 1,
      warmSeconds: 1,
      measureSeconds: 4,
      arms: ['story-minute', 'ttl-1000-r200'],
    },
    quick: {
      rounds: 1,
      warmSeconds: 1,
      measureSeconds: 4,
      arms: ['story-minute', 'ttl-1000-r200'],
    },
    standard: { rounds: 1, warmSeconds: 1.5, measureSeconds: 8 },
    full: { rounds: 4, warmSeconds: 2, measureSeconds: 20 },
  },
  flagsAsMeasures: {
    'host-busy': 'requests are counted, not timed; what a busy machine adds to a load is measured',
    'foreign-cpu':
      'requests are counted, not timed; what a busy machine adds to a load is measured',
    'start-lag': 'a request that starts late is a request of a Poisson stream all the same',
    'not-steady': 'response times are not judged',
  },
  answer,
  claims,
  theory,
  scores,
  tradeOffs,
  caveats: [
    'Theory takes a load for a time in which others go on asking. Of a load of few ms here a part is spent by the server’s one thread, which starts no other read meanwhile: at 300 requests/s on one page fewer readers miss together than it says.',
    'TTLs are compressed: what counts is requests per TTL and load time per TTL, both as in the story or stated. Memory never runs short here, so nothing is evicted.',
    'Pages are loaded with one statement, so that a thousand of them load in a few ms; SELECTs in the trade-offs are loads times the 114 of the story’s page.',
    'Popularity is Zipf’s law with exponent 1 over 1,000 pages; changes, where there are any, come to the 100 hottest pages alike, once in 5 s, far more often than in the story.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const cells = cellsOf(analysis).filter(({ counted }) => counted === 'hits');
  const judged = cells.filter((cell) => agrees(cell) !== null);
  if (judged.length === 0) return 'No answer: no valid trial.';
  const right = judged.filter((cell) => agrees(cell) === true).length;
  const grid = `The hit ratio is theory’s in ${right} of ${judged.length} cells of TTL, traffic and popularity`;
  const hour = armShare(analysis, 'story-hour', 'hits');
  const minute = armShare(analysis, 'story-minute', 'hits');
  if (hour === null || minute === null) return `${grid}.`;
  return `${grid}; the traffic that gives the story’s page ${shareText(hour)} with a TTL of 1 h gives ${shareText(minute)} with 1 min, not 50 %.`;
}

const QUANTITIES = { hits: 'hit ratio', misses: 'loads per request', stale: 'share of old pages' };

function theory(analysis: Analysed): TheoryCheck[] {
  return cellsOf(analysis).map((cell) => ({
    arm: cell.facts.arm.arm,
    quantity: `${QUANTITIES[cell.counted]}, ${cell.ranks.name}`,
    unit: '',
    formula: cell.formula,
    theory: cell.theory,
    measured: cell.measured,
    agrees: agrees(cell),
    note: noteOf(cell),
  }));
}

function noteOf({ facts, counted, ranks }: Cell): string {
  const { ratePerSecond, traffic } = facts;
  const over = traffic.stores === 1 ? 'one page' : `summed over ${ranks.name}`;
  const load = `Δ measured: ${figure(loadSecondsOf(facts, ranks) * 1000)} ms`;
  const race =
    counted === 'stale' && facts.arm.policy === 'invalidated' ? '; the stale-set race' : '';
  return `λ offered: ${figure(ratePerSecond)}/s in all, ${over}; ${load}${race}`;
}

/** What a short TTL costs instead of a long one. */
function scores(analysis: Analysed): Score[] {
  const minute = armShare(analysis, 'story-minute', 'misses');
  if (minute === null) return [];
  const hits = armShare(analysis, 'story-minute', 'hits');
  return [
    {
      policy: 'short-ttl',
      disease: 'cost',
      words: `60 loads an hour instead of 1${hits === null ? '' : `, hit ratio ${shareText(hits)}`} at the story’s traffic`,
      estimate: minute,
      tone: 'neutral',
    },
  ];
}

/** TTL alone and with DEL, at the same changes. */
function tradeOffs(analysis: Analysed): TradeOff[] {
  return factsOf(analysis)
    .filter(({ traffic }) => traffic.updatesPerSecond > 0)
    .map(({ arm, traffic }) => {
      const totals = arm.findings?.totals ?? {};
      const loads = shareOf(totals, strataOf(ALL), 'misses');
      const ages = arm.findings?.samples['longestStaleSeconds'] ?? [];
      return {
        policy: arm.policy,
        variant: `TTL ${traffic.ttlMs / 1000} s`,
        staleShare: shareOf(totals, strataOf(ALL), 'stale'),
        longestStaleSeconds: ages.length === 0 ? null : Math.max(...ages),
        hitRatio: shareOf(totals, strataOf(ALL), 'hits'),
        selectsPerPage: loads === null ? null : scaled(loads, SELECTS_PER_LOAD),
      };
    });
}

function scaled({ value, interval, n }: Estimate, factor: number): Estimate {
  return {
    value: value * factor,
    interval:
      interval === null
        ? null
        : { ...interval, low: interval.low * factor, high: interval.high * factor },
    n,
  };
}

import type { Estimate, ExperimentAnalysis, TradeOff } from '../../lab/result.ts';
import { keyFlows, renewalHitRatio, sumFlows } from '../../lab/theory/hit-ratio.ts';
import { type Curve, curves, type MeasuredPoint } from '../../reports/charts/curves.ts';
import { pareto } from '../../reports/charts/pareto.ts';
import type { Figure } from '../../reports/figure.ts';
import { number, percent } from '../../reports/format.ts';
import {
  agrees,
  type ArmFacts,
  cellOf,
  cellsOf,
  factsOf,
  keysOf,
  loadSecondsOf,
  theoryShare,
} from './cells.ts';
import { ALL, RANK_CLASSES, STORY_REQUESTS_PER_TTL } from './grid.ts';

const CURVE_POINTS = 60;

/** Figures of the hit-ratio experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const facts = factsOf(analysis);
  const rates = [...new Set(plain(facts).map(({ ratePerSecond }) => ratePerSecond))];
  return [
    storyCurve(analysis, facts),
    ...rates.toSorted((a, b) => b - a).map((rate) => ttlCurves(analysis, facts, rate)),
    agreement(analysis),
    tradeOffPicture(analysis),
    staleCurves(analysis, facts),
  ].filter((figure) => figure !== null);
}

/** Arms of many pages without changes and without added load time. */
function plain(facts: readonly ArmFacts[]): ArmFacts[] {
  return facts.filter(
    ({ arm, traffic }) =>
      traffic.stores > 1 && /^ttl-\d/.test(arm.arm) && traffic.updatedStores === 0,
  );
}

/** Values from `low` to `high`, evenly spread over the decades. */
function spaced(low: number, high: number): number[] {
  const step = (high / low) ** (1 / (CURVE_POINTS - 1));
  return Array.from({ length: CURVE_POINTS }, (_, index) => low * step ** index);
}

function pointOf(x: number, { value, interval }: Estimate): MeasuredPoint {
  return { x, y: value, ...(interval === null ? {} : { low: interval.low, high: interval.high }) };
}

/** One page: its misses follow from its requests per TTL, and the story's two figures do not go together. */
function storyCurve(analysis: ExperimentAnalysis, facts: readonly ArmFacts[]): Figure | null {
  const own = facts.filter(({ traffic }) => traffic.stores === 1);
  if (own.length === 0) return null;
  const measured = own.flatMap((one) => {
    const cell = cellOf(one, ALL, 'misses');
    const requests = (one.ratePerSecond * one.traffic.ttlMs) / 1000;
    return cell === null ? [] : [pointOf(requests, cell.measured)];
  });
  const axis = spaced(0.1, 10_000);
  // Each loads for itself, in the 0.87 s of the story's page.
  const withLoads = (ttlSeconds: number): [number, number][] =>
    axis.map((requests) => {
      const flows = keyFlows({
        ratePerSecond: requests / ttlSeconds,
        ttlSeconds,
        loadSeconds: 0.87,
        coalesced: false,
        updatesPerSecond: 0,
        invalidated: false,
      });
      return [requests, theoryShare(flows, 'misses')];
    });
  const series: Curve[] = [
    { name: 'measured', theory: [], measured },
    { name: 'loads of 0.87 s, TTL 1 min', theory: withLoads(60), measured: [] },
    { name: 'loads of 0.87 s, TTL 1 h', theory: withLoads(3600), measured: [] },
    {
      name: 'instant loads',
      theory: axis.map((requests) => [requests, 1 - renewalHitRatio(requests, 1)]),
      measured: [],
    },
  ];
  return curves(analysis, {
    id: 'story',
    title: `0.03 % misses need ${STORY_REQUESTS_PER_TTL.toLocaleString('en-US')} requests per TTL, 50 % need one: a TTL sixty times shorter leads to 2 to 4 %`,
    subtitle:
      'One page with a TTL, by its requests in one TTL; the story’s TTLs measured in compressed time.',
    x: { title: 'requests of the page per TTL (log scale)', spacing: 'log' },
    y: { title: 'requests that miss (log scale)', spacing: 'log', share: true },
    series,
  });
}

function ttlCurves(
  analysis: ExperimentAnalysis,
  facts: readonly ArmFacts[],
  ratePerSecond: number,
): Figure | null {
  const own = plain(facts).filter((one) => one.ratePerSecond === ratePerSecond);
  const [any] = own;
  if (any === undefined) return null;
  const ttls = own.map(({ traffic }) => traffic.ttlMs / 1000);
  const loadSeconds = own.reduce((sum, one) => sum + loadSecondsOf(one, ALL), 0) / own.length;
  const axis = [...spaced(Math.min(...ttls) / 3, Math.max(...ttls) * 3), ...ttls].sort(
    (a, b) => a - b,
  );
  const series = [...RANK_CLASSES, ALL].map((ranks) => ({
    name: ranks === ALL ? 'all pages' : ranks.name,
    theory: axis.map((ttl): [number, number] => [
      ttl,
      theoryShare(sumFlows(keysOf(any, ranks, { ttlSeconds: ttl, loadSeconds })), 'hits'),
    ]),
    measured: own.flatMap((one) => {
      const cell = cellOf(one, ranks, 'hits');
      return cell === null ? [] : [pointOf(one.traffic.ttlMs / 1000, cell.measured)];
    }),
  }));
  return curves(analysis, {
    id: `ttl-${Math.round(ratePerSecond)}`,
    title: `At ${ratePerSecond} requests/s a longer TTL helps the middle of the ranks most`,
    subtitle: `1,000 pages by Zipf’s law, Poisson arrivals, loads of ${Math.round(loadSeconds * 1000)} ms.`,
    x: { title: 'TTL, s (log scale)', spacing: 'log' },
    y: { title: 'hit ratio', share: true },
    series,
  });
}

/** Every cell of the grid against theory. */
function agreement(analysis: ExperimentAnalysis): Figure | null {
  const cells = cellsOf(analysis).filter(({ counted }) => counted === 'hits');
  if (cells.length === 0) return null;
  const judged = cells.filter((cell) => agrees(cell) !== null);
  const inside = judged.filter((cell) => agrees(cell) === true);
  const points = (all: typeof cells): MeasuredPoint[] =>
    all.map(({ theory, measured }) => pointOf(theory, measured));
  return curves(analysis, {
    id: 'cells',
    title: `Theory lies in the interval of ${inside.length} of ${judged.length} cells`,
    subtitle:
      'A cell is one class of pages in one arm; on the line measurement and theory are equal.',
    x: { title: 'hit ratio by theory', share: true },
    y: { title: 'hit ratio, measured', share: true },
    series: [
      {
        name: 'theory inside',
        theory: [
          [0, 0],
          [1, 1],
        ],
        measured: points(inside),
      },
      {
        name: 'theory outside',
        theory: [],
        measured: points(judged.filter((cell) => agrees(cell) === false)),
      },
    ],
  });
}

function tradeOffPicture(analysis: ExperimentAnalysis): Figure | null {
  return pareto(analysis.name, analysis.tradeOffs ?? [], {
    id: 'trade-offs',
    title: tradeOffTitle(analysis),
    subtitle: '1,000 pages at 200 requests/s, 20 changes/s on the 100 hottest.',
  });
}

/** The longest TTL alone beside the same with DEL. */
function tradeOffTitle({ tradeOffs = [] }: ExperimentAnalysis): string {
  const last = (policy: string): TradeOff | undefined =>
    tradeOffs.findLast((one) => one.policy === policy);
  const [alone, deleted] = [last('cached'), last('invalidated')];
  if (!alone?.staleShare || !deleted?.staleShare || alone.variant !== deleted.variant) {
    return 'What a TTL trades: old pages against SELECTs';
  }
  return `${alone.variant}: ${percent(alone.staleShare.value)} old pages alone, ${percent(deleted.staleShare.value)} with DEL, for ${number(alone.selectsPerPage?.value ?? 0)} and ${number(deleted.selectsPerPage?.value ?? 0)} SELECTs per page`;
}

/** Stale share against TTL, alone and with DEL. */
function staleCurves(analysis: ExperimentAnalysis, facts: readonly ArmFacts[]): Figure | null {
  const series = (['cached', 'invalidated'] as const).flatMap((policy): Curve[] => {
    const own = facts.filter(
      ({ arm, traffic }) => arm.policy === policy && traffic.updatesPerSecond > 0,
    );
    const [any] = own;
    if (any === undefined) return [];
    const ttls = own.map(({ traffic }) => traffic.ttlMs / 1000);
    const axis = [...spaced(Math.min(...ttls) / 3, Math.max(...ttls) * 10), ...ttls].sort(
      (a, b) => a - b,
    );
    return [
      {
        name: policy === 'cached' ? 'TTL alone' : 'TTL and DEL (at most)',
        theory: axis.map((ttl): [number, number] => [
          ttl,
          theoryShare(sumFlows(keysOf(any, ALL, { ttlSeconds: ttl })), 'stale'),
        ]),
        measured: own.flatMap((one) => {
          const cell = cellOf(one, ALL, 'stale');
          return cell === null ? [] : [pointOf(one.traffic.ttlMs / 1000, cell.measured)];
        }),
      },
    ];
  });
  return curves(analysis, {
    id: 'stale',
    title: 'Old pages grow with the TTL, unless changes delete the copy',
    subtitle: '1,000 pages at 200 requests/s, 20 changes/s on the 100 hottest.',
    x: { title: 'TTL, s (log scale)', spacing: 'log' },
    y: { title: 'share of old pages (log scale)', spacing: 'log', share: true },
    series,
  });
}

import type { Estimate } from '../../lab/result.ts';
import type { RecommendationResult, RecommendationRow } from '../../lab/sim/result.ts';
import { curves } from '../charts/curves.ts';
import { pareto } from '../charts/pareto.ts';
import { thin } from '../charts/series.ts';
import type { Figure } from '../figure.ts';
import { number } from '../format.ts';
import { memoryText, timeText } from './recommend-answer.ts';

/** Points that a Pareto picture has labels for. */
const MOST_POINTS = 14;

/** The figures of a recommendation, in the order of the page. */
export function recommendationFigures(result: RecommendationResult): Figure[] {
  return [byTtl(result), frontLines(result), tradeOffs(result)].filter((figure) => figure !== null);
}

const EXPERIMENT = { name: 'recommend', arms: [] };

/** SELECTs of the fullest second against the TTL, one line a way, and the limit. */
function byTtl(result: RecommendationResult): Figure | null {
  const { rows, chosen, byWay, asked } = result;
  const like = chosen ?? byWay[0];
  if (like === undefined) return null;
  const shown = rows.filter(
    ({ memoryBytes, policy, peakSelectsPerSecond }) =>
      memoryBytes === like.memoryBytes && policy === like.policy && peakSelectsPerSecond > 0,
  );
  const ttls = shown.map(({ ttlMs }) => ttlMs / 1000);
  if (new Set(ttls).size < 2) return null;
  const { dbRps } = asked;
  const limit = [Math.min(...ttls), Math.max(...ttls)].map((ttl) => [ttl, dbRps ?? 0] as const);
  return curves(EXPERIMENT, {
    id: 'ttl',
    title: `${like.way} with ${timeText(like.ttlMs)}: ${number(like.peakSelectsPerSecond)} SELECTs in the fullest second`,
    subtitle: `Each way to stay fresh with ${like.policy} in ${memoryText(like.memoryBytes)}, TTLs as far as the promise allows.${dbRps === null ? '' : ` Limit: ${number(dbRps)} SELECTs/s.`}`,
    x: { title: 'TTL, s (log scale)', spacing: 'log' },
    y: { title: 'SELECTs in the fullest second (log scale)', spacing: 'log' },
    series: [
      ...waysIn(shown).map((way) => ({
        name: way,
        theory: shown
          .filter((row) => row.way === way)
          .map((row) => [row.ttlMs / 1000, row.peakSelectsPerSecond] as const)
          .toSorted(([a], [b]) => a - b),
        measured: [],
      })),
      ...(dbRps === null ? [] : [{ name: '--db-rps', theory: limit, measured: [] }]),
    ],
    words: { lines: 'simulation', points: 'measured' },
  });
}

const waysIn = (rows: readonly RecommendationRow[]): string[] => [
  ...new Set(rows.map(({ way }) => way)),
];

/** Database load against what is promised: of each way and promise the cheapest row of the front. */
function frontLines({ front }: RecommendationResult): Figure | null {
  if (new Set(front.map(({ boundMs }) => boundMs)).size < 2) return null;
  const cheapest = front.filter(
    (row) =>
      !front.some(
        (other) =>
          other.way === row.way &&
          other.boundMs === row.boundMs &&
          other.loadsPerSecond < row.loadsPerSecond,
      ),
  );
  const byPromise = cheapest.toSorted(
    (a, b) => a.boundMs - b.boundMs || a.loadsPerSecond - b.loadsPerSecond,
  );
  const freshest = byPromise[0]!;
  const oldest = byPromise.find(({ boundMs }) => boundMs === byPromise.at(-1)!.boundMs)!;
  return curves(EXPERIMENT, {
    id: 'front',
    title: `A promise of ${timeText(freshest.boundMs)} costs ${number(freshest.loadsPerSecond)} loads/s, one of ${timeText(oldest.boundMs)} ${number(oldest.loadsPerSecond)}`,
    subtitle: 'The Pareto front: loads a second against the longest promised staleness.',
    x: { title: 'promised staleness, s (log scale)', spacing: 'log' },
    y: { title: 'loads per second (log scale)', spacing: 'log' },
    series: waysIn(cheapest).map((way) => ({
      name: way,
      theory: cheapest
        .filter((row) => row.way === way)
        .map((row) => [row.boundMs / 1000, row.loadsPerSecond] as const)
        .toSorted(([a], [b]) => a - b),
      measured: [],
    })),
    words: { lines: 'simulation', points: 'measured' },
  });
}

/** Where the trace has changes: what the front is like in pages that were old, not only in promises. */
function tradeOffs({ front, chosen }: RecommendationResult): Figure | null {
  const changing = front.filter(({ staleShare }) => staleShare !== null);
  const rows = thin(changing, MOST_POINTS);
  if (chosen !== null && !rows.some((row) => row === chosen)) rows.push(chosen);
  return pareto(
    'recommend',
    rows.map((row) => ({
      policy: row.way,
      variant: `TTL ${timeText(row.ttlMs)}, ${memoryText(row.memoryBytes)}`,
      staleShare: exact(row.staleShare ?? 0),
      longestStaleSeconds: row.longestStaleMs === null ? null : row.longestStaleMs / 1000,
      hitRatio: exact(row.hitRatio),
      selectsPerPage: exact(row.selectsPerRead),
    })),
    {
      id: 'trade-offs',
      title: 'Freshness, database load and hit ratio pull against each other',
      subtitle: 'Simulated over the trace, one point a candidate of the front.',
    },
  );
}

/** Counted, not sampled. */
function exact(value: number): Estimate {
  return { value, interval: null, n: 1 };
}

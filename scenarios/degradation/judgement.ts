import { claim, milliseconds, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { list, percent } from '../../reports/format.ts';
import { type Fault, FAULTS, PROTECTIONS, type Protection } from './arms.ts';
import { brokenParts, type Cell, cellOf, cellsOf, extraMs, PROMISE } from './cells.ts';

/** Faults after which Redis gives no answer. */
const REDIS_GONE: readonly Fault[] = [
  'redis-killed',
  'redis-frozen',
  'redis-slow-500',
  'redis-flapping',
];
/** The fallback with what makes it reachable, the plainest first. */
const GUARDED: readonly Protection[] = ['timeout', 'breaker', 'shedding', 'full'];

export function answer(analysis: Analysed): string {
  const bare = cellsOf(analysis, ['none']);
  const full = cellsOf(analysis, ['full']);
  if (bare.length === 0 || full.length === 0)
    return 'No answer: no valid trial of both the bare and the fully protected store.';
  const worst = bare.reduce((one, other) =>
    other.availability.value < one.availability.value ? other : one,
  );
  const least = Math.min(...full.map(({ availability }) => availability.value));
  const broken = full.filter((cell) => brokenParts(cell).length > 0);
  const promise =
    broken.length === 0
      ? `its promise held under ${list(full.map(({ fault }) => fault))}`
      : `its promise was broken under ${list(broken.map((cell) => `${cell.fault} (${brokenParts(cell).join(', ')})`))}`;
  return `Without protection ${percent(worst.availability.value)} of the pages come within 2 s under ${worst.fault}; with all of it ${least === 1 ? 'all' : `at least ${percent(least)}`} do, and ${promise}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  return [fallback(analysis)];
}

interface Pooled {
  pages: number;
  answered: number;
}

function pooled(cells: readonly Cell[]): Pooled {
  return cells.reduce(
    (sum, { pages, answered }) => ({
      pages: sum.pages + pages,
      answered: sum.answered + answered,
    }),
    { pages: 0, answered: 0 },
  );
}

const holds = ({ pages, answered }: Pooled): boolean => answered / pages >= PROMISE.availability;

/** The fallback is in the code of every arm; what differs is whether anybody gets there. */
function fallback(analysis: Analysed): ClaimResult {
  const pairs = REDIS_GONE.flatMap((fault) => {
    const bare = cellOf(analysis, 'none', fault);
    const guarded = GUARDED.flatMap((one) => cellOf(analysis, one, fault) ?? []);
    return bare === null || guarded.length === 0 ? [] : [{ bare, guarded }];
  });
  if (pairs.length === 0)
    return notJudged(
      'C25',
      'no valid trial without Redis of both the bare fallback and a guarded one',
    );
  const bare = pairs.map((pair) => pair.bare);
  // Of each fault the best of those that were tried: the question is what a fallback can do.
  const best = pairs.map(({ guarded }) =>
    guarded.reduce((one, other) =>
      other.availability.value > one.availability.value ? other : one,
    ),
  );
  const [without, guarded] = [pooled(bare), pooled(best)];
  const ways = [...new Set(best.map(({ protection }) => PROTECTIONS[protection]))].join(', ');
  const measured = `${shareWords(without)} of the pages within 2 s with the client's defaults, ${shareWords(guarded)} with a guard (${ways}), over ${list(bare.map(({ fault }) => FAULTS[fault]))}`;
  if (!holds(guarded))
    return claim(
      'C25',
      'refuted',
      measured,
      'even a guarded fallback leaves readers without a page',
    );
  if (holds(without))
    return claim('C25', 'confirmed', measured, 'the bare fallback is enough for these faults');
  const slowest = Math.max(...best.map((cell) => extraMs(cell) ?? 0));
  return claim(
    'C25',
    'depends',
    measured,
    `on whether a command is given up in time: with the client's defaults readers wait in its queue while Redis is away and never reach the fallback; with a timeout a page takes at most ${milliseconds(slowest)} longer; and only below what the database can load (${analysis.design.ratePerSecond ?? 'a few'} pages/s here)`,
  );
}

function shareWords({ pages, answered }: Pooled): string {
  const share = wilson(answered, pages);
  if (share === null) return 'none';
  const { value, interval } = share;
  const range = interval === null ? '' : ` (${percent(interval.low)} to ${percent(interval.high)})`;
  return `${percent(value)}${range}`;
}

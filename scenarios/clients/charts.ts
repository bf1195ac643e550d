import type { ExperimentAnalysis } from '../../lab/result.ts';
import { type Curve, curves } from '../../reports/charts/curves.ts';
import { forest } from '../../reports/charts/forest.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number } from '../../reports/format.ts';
import { armOf } from '../../lab/claims.ts';
import { CALLERS, cellOf, SERVICE_CALLERS } from './cells.ts';
import { ALL_TIMED, SIZES, type Timed, TIMED } from './complexity.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { estimateOf, growthOf } from './judgement.ts';
import { SERVICES, type ServiceName } from './service.ts';
import { POOL_SIZE, WAYS } from './ways.ts';

/** Figures of the clients experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    rates(analysis, 1),
    rates(analysis, 0),
    services(analysis),
    growth(analysis),
    forest(analysis, {
      title: 'Values per second against another way to ask, 50 callers, 1 ms away',
      comparisons: analysis.comparisons,
    }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

/** What only the round trip limits. */
const AT_ONCE: Record<string, (callers: number) => number> = {
  'one-by-one': () => 1,
  pool: (callers) => Math.min(callers, POOL_SIZE),
  shared: (callers) => callers,
};

function rates(analysis: ExperimentAnalysis, roundTripMs: 0 | 1): Figure | null {
  const series = WAYS.map((name): Curve => {
    const arm = armOf(analysis, name);
    const ping = estimateOf(arm, 'pingMs', roundTripMs)?.value ?? null;
    const atOnce = roundTripMs === 0 ? undefined : AT_ONCE[name];
    return {
      name,
      theory:
        ping === null || atOnce === undefined
          ? []
          : CALLERS.map((callers) => [callers, (atOnce(callers) * 1000) / ping] as const),
      measured: CALLERS.flatMap((callers) => {
        const rate = estimateOf(arm, 'perSecond', roundTripMs, callers);
        return rate === null ? [] : [point(callers, rate)];
      }),
    };
  });
  const rateOf = (name: string): number | null =>
    estimateOf(armOf(analysis, name), 'perSecond', roundTripMs, 50)?.value ?? null;
  const [slow, shared] = [rateOf('one-by-one'), rateOf('shared')];
  const place = roundTripMs === 0 ? 'on the same host' : '1 ms away';
  const figure = curves(analysis, {
    id: roundTripMs === 0 ? 'callers-near' : 'callers-far',
    title:
      slow === null || shared === null
        ? `Values per second by number of callers, ${place}`
        : `${capital(place)}, 50 callers get ${number(shared / slow)} times as much from one connection when none waits for another`,
    subtitle: `Values per second, closed model, values of 500 bytes.`,
    words: { lines: 'values under way at once / round trip', points: 'measured' },
    x: { title: 'callers (log scale)', spacing: 'log' },
    y: { title: 'values per second (log scale)', spacing: 'log' },
    series,
  });
  return roundTripMs === 0 && figure !== null ? { ...figure, secondary: true } : figure;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function point(
  x: number,
  { value, interval }: NonNullable<ReturnType<typeof estimateOf>>,
): Curve['measured'][number] {
  return interval === null
    ? { x, y: value }
    : { x, y: value, low: interval.low, high: interval.high };
}

function services(analysis: ExperimentAnalysis): Figure | null {
  const arm = armOf(analysis, 'service');
  const wait = estimateOf(arm, 'waitMs')?.value ?? null;
  if (wait === null) return null;
  const rate = (name: ServiceName, callers: number) => estimateOf(arm, 'perSecond', name, callers);
  const series = (Object.keys(SERVICES) as ServiceName[]).map((name): Curve => {
    const { workers, client } = SERVICES[name];
    const atOnce = (callers: number): number =>
      client === 'blocking' ? Math.min(callers, workers) : callers;
    return {
      name,
      theory: [1, 4, 10, 50].map((callers) => [callers, (atOnce(callers) * 1000) / wait] as const),
      measured: SERVICE_CALLERS.flatMap((callers) => {
        const found = rate(name, callers);
        return found === null ? [] : [point(callers, found)];
      }),
    };
  });
  const [blocked, free] = [rate('async-sync', 50), rate('async', 50)];
  return curves(analysis, {
    id: 'services',
    title:
      blocked === null || free === null
        ? 'Requests per second of services that wait'
        : `One event loop: ${number(blocked.value)} requests a second with a client that blocks it, ${number(free.value)} with one that does not`,
    subtitle: `Each request waits once for ${milliseconds(wait)}; sync: ${SERVICES.sync.workers} workers that block.`,
    words: { lines: 'requests under way at once / wait', points: 'measured' },
    x: { title: 'users (log scale)', spacing: 'log' },
    y: { title: 'requests per second (log scale)', spacing: 'log' },
    series,
  });
}

/** How the time should grow; up to a factor. */
const ORDER: Record<(typeof TIMED)[Timed]['command'], (size: number) => number> = {
  get: () => 1,
  set: () => 1,
  lrange: (size) => size,
  zadd: (size) => Math.log(size),
};

function growth(analysis: ExperimentAnalysis): Figure | null {
  const samples = armOf(analysis, 'complexity')?.findings?.samples;
  const series = ALL_TIMED.filter((timed) => !timed.startsWith('set')).map((timed): Curve => {
    const measured = SIZES.flatMap((size) => {
      const found = medianOf(cellOf(samples, 'micros', timed, size));
      return found === null ? [] : [point(size, found)];
    });
    const { command, growsFrom } = TIMED[timed];
    const from = measured.find(({ x }) => x >= growsFrom);
    const sizes = timed.endsWith('random') ? [] : SIZES.filter((size) => size >= growsFrom);
    const order = ORDER[command];
    return {
      name: timed,
      theory:
        from === undefined
          ? []
          : sizes.map((size) => [size, (from.y * order(size)) / order(from.x)] as const),
      measured,
    };
  });
  return curves(analysis, {
    id: 'growth',
    title: growthTitle(analysis),
    subtitle:
      'Microseconds per call by Redis’s own clock, median over passes, against keys, elements or members stored.',
    words: {
      lines: 'O(1), O(n) and O(log n) through the first point that counts',
      points: 'measured',
    },
    x: { title: 'stored (log scale)', spacing: 'log' },
    y: { title: 'µs per call (log scale)', spacing: 'log' },
    series,
  });
}

function growthTitle(analysis: ExperimentAnalysis): string {
  const arm = armOf(analysis, 'complexity');
  const [same, random, range] = (['get/same', 'get/random', 'lrange/whole'] as const).map((timed) =>
    growthOf(arm, 'exponent', timed),
  );
  if (same == null || random == null || range == null) return 'Time per command by what is stored';
  return `GET grows as n^${number(same.value, 2)} for the same keys and n^${number(random.value, 2)} for random ones, LRANGE as n^${number(range.value, 3)}`;
}

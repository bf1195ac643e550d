import { armOf } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { type Curve, curves } from '../../reports/charts/curves.ts';
import { type IntervalRow, intervals } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { number, percent } from '../../reports/format.ts';
import { estimateOf, keptShare, points, replayArms } from './judgement.ts';
import { orderText, ranked } from './order.ts';
import { SAMPLING_NAMES } from './sampling.ts';
import { CURVE_POLICIES } from './simulated.ts';
import { VETERAN_CELLS } from './veterans.ts';

const EXACT_NAMES = ['exact-lru', 'exact-lfu', 'belady'];
const EXACT_TITLES: Record<string, string> = {
  'exact-lru': 'LRU to the letter, simulated',
  'exact-lfu': 'LFU that never forgets, simulated',
  belady: 'the best that knows the future, simulated',
};

/** Figures of the eviction experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    memoryCurves(analysis),
    ...['zipf-20', 'scan-20', 'shifting-20', 'half-ttl-20'].map((name) => orderOf(analysis, name)),
    clockTrap(analysis),
    veteranRows(analysis),
    ...['zipf', 'scan', 'shifting'].map((workload) => samplesOf(analysis, `samples-${workload}`)),
    samplingCost(analysis),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

type Arms = Pick<ExperimentAnalysis, 'arms'>;

const find = (analysis: Arms, name: string): ArmAnalysis | null =>
  armOf(analysis as Analysed, name);

/** Measured dots, and the simulator's lines through them. */
function memoryCurves(analysis: ExperimentAnalysis): Figure | null {
  const zipf = replayArms(analysis).filter(({ arm }) => arm.startsWith('zipf-'));
  const lines = find(analysis, 'zipf-20')?.findings?.series ?? [];
  const lineOf = (name: string): [number, number][] =>
    lines.find((one) => one.name === name)?.points ?? [];
  const pointsOf = (policy: string): Curve['measured'] =>
    zipf.flatMap((arm) => {
      const ratio = estimateOf(arm, `hitRatio ${policy}`);
      const room = estimateOf(arm, `residentShare ${policy}`);
      if (ratio === null || room === null) return [];
      const { low = ratio.value, high = ratio.value } = ratio.interval ?? {};
      return [{ x: room.value, y: ratio.value, low, high }];
    });
  return curves(analysis, {
    id: 'memory',
    title: 'Hit ratio against memory: Redis’s policies and the bound above them',
    subtitle: 'Zipf’s law over 10,000 stores. Room as a share of the working set.',
    x: {
      title: 'keys in memory, share of the working set (log scale)',
      spacing: 'log',
      share: true,
    },
    y: { title: 'hit ratio', share: true },
    series: [
      ...CURVE_POLICIES.map((name) => ({ name, theory: lineOf(name), measured: pointsOf(name) })),
      { name: 'belady', theory: lineOf('belady'), measured: [] },
    ],
    words: { lines: 'simulated', points: 'measured on a real Redis' },
  });
}

function row(arm: string, estimate: Estimate | null, text: string): IntervalRow[] {
  return estimate === null ? [] : [{ arm, estimate, text }];
}

/** Misses tell policies apart where hit ratios crowd together, and they are what the database gets. */
const MISSES = {
  axis: 'misses, share of requests (log scale)',
  spacing: 'log',
  share: true,
} as const;

/** A hit ratio as the misses that it leaves. */
function missRow(arm: string, hits: Estimate | null, text = ''): IntervalRow[] {
  if (hits === null) return [];
  const { value, interval } = hits;
  const misses = {
    ...hits,
    value: 1 - value,
    interval: interval && { ...interval, low: 1 - interval.high, high: 1 - interval.low },
  };
  return row(arm, misses, `${points(value)} hits${text}`);
}

/** What becomes of writes for which there is no room. */
function writesText(arm: ArmAnalysis, policy: string): string {
  const of = (quantity: string): number => estimateOf(arm, `${quantity} ${policy}`)?.value ?? 0;
  const [refused, misses, evictions] = [of('refused'), of('misses'), of('evictionsPerSecond')];
  return [
    ...(evictions > 0 ? [`, ${number(evictions, 2)} evictions/s of the replay`] : []),
    ...(refused > 0 ? [`, ${percent(refused / misses)} of the writes refused`] : []),
  ].join('');
}

/** Policies of one workload, the best first, with textbook caches of the same room below. */
function orderOf(analysis: ExperimentAnalysis, name: string): Figure | null {
  const arm = find(analysis, name);
  if (arm === null) return null;
  const named = (policy: string): IntervalRow[] => {
    const model = estimateOf(arm, `modelHitRatio ${policy}`);
    const ratio = estimateOf(arm, `hitRatio ${policy}`);
    const simulated = model === null ? '' : `, simulated ${points(model.value)}`;
    return missRow(policy, ratio, `${simulated}${writesText(arm, policy)}`);
  };
  return intervals(analysis, {
    id: `order-${name}`,
    title: `${arm.title}: ${orderText(arm)}`,
    subtitle:
      'Misses with 95 % intervals over seeds. In the title: > differs, = ties within a point, ≈ too few seeds to tell.',
    ...MISSES,
    rows: [
      ...ranked(arm).flatMap(named),
      ...EXACT_NAMES.flatMap((exact) =>
        missRow(EXACT_TITLES[exact]!, estimateOf(arm, `hitRatio ${exact}`)),
      ),
    ],
  });
}

/** The policies of the arms that differ by their clock. */
function clockRows(arm: ArmAnalysis | null | undefined, where: string): IntervalRow[] {
  if (arm == null) return [];
  return ['allkeys-random', 'allkeys-lru', 'allkeys-lru-10'].flatMap((policy) => {
    const turnover = estimateOf(arm, `turnoverSeconds ${policy}`);
    const ratio = estimateOf(arm, `hitRatio ${policy}`);
    const replaced =
      turnover === null ? '' : `, all keys replaced in ${number(turnover.value, 2)} s of its clock`;
    return missRow(`${policy}, ${where}`, ratio, replaced);
  });
}

/** What a benchmark of a few seconds measures as LRU. */
function clockTrap(analysis: ExperimentAnalysis): Figure | null {
  const [fast, slow, paced] = ['fast-replay', 'zipf-20', 'paced'].map((name) =>
    find(analysis, name),
  );
  if (fast == null) return null;
  const [lru, random] = ['allkeys-lru', 'allkeys-random'].map(
    (policy) => estimateOf(fast, `hitRatio ${policy}`)?.value ?? 0,
  );
  return intervals(analysis, {
    id: 'clock',
    title: `A replay at full speed measures chance: allkeys-lru ${points(lru!)}, allkeys-random ${points(random!)}`,
    subtitle:
      'Redis’s LRU clock ticks once a second: when all keys are replaced within a tick, LRU knows no order. Zipf, room for 20 %.',
    ...MISSES,
    rows: [
      ...clockRows(fast, 'full speed'),
      ...clockRows(paced, 'paced'),
      ...clockRows(slow, 'accelerated clock'),
    ],
  });
}

function veteranRows(analysis: ExperimentAnalysis): Figure | null {
  const arm = find(analysis, 'veterans');
  if (arm === null) return null;
  const rows = VETERAN_CELLS.flatMap(({ name, policy, quietMinutes, decayMinutes }) => {
    const share = keptShare(arm, name);
    const model = estimateOf(arm, `modelKeptShare ${name}`);
    const decay =
      policy !== 'allkeys-lfu' ? '' : decayMinutes === 0 ? ', no decay' : ', decay 1 a minute';
    return row(
      `${policy}${decay}, ${quietMinutes} min without use`,
      share,
      `${percent(share?.value ?? 0)} kept${model === null ? '' : `, simulated ${percent(model.value)}`}`,
    );
  });
  const share = (name: string): string => percent(keptShare(arm, name)?.value ?? 0);
  return intervals(analysis, {
    id: 'veterans',
    title: `Keys used 1,000 times an hour ago: LRU keeps ${share('lru-60')}, LFU ${share('lfu-60')} by default and ${share('lfu-60-no-decay')} without decay`,
    subtitle:
      '100 keys, then 1,500 that are touched once just now; room for 1,000. Share of the 100 that is left, Wilson’s interval.',
    axis: 'kept',
    share: true,
    rows,
  });
}

function samplesOf(analysis: ExperimentAnalysis, name: string): Figure | null {
  const arm = find(analysis, name);
  if (arm === null) return null;
  const rows = ['allkeys-lru', 'allkeys-lfu'].flatMap((policy) =>
    [3, 5, 10].flatMap((samples) => {
      const cell = samples === 5 ? policy : `${policy}-${samples}`;
      const ratio = estimateOf(arm, `hitRatio ${cell}`);
      return missRow(`${policy}, ${samples} samples`, ratio);
    }),
  );
  const gains = ['LRU', 'LFU'].map((kind) => {
    const cell = `hitRatio allkeys-${kind.toLowerCase()}`;
    const [few, many] = [estimateOf(arm, `${cell}-3`), estimateOf(arm, `${cell}-10`)];
    return `${kind} gains ${number(100 * ((many?.value ?? 0) - (few?.value ?? 0)), 2)} points`;
  });
  return intervals(analysis, {
    id: name,
    title: `${arm.title}: from 3 to 10 ${gains.join(', ')}`,
    subtitle: 'Misses by maxmemory-samples, 95 % intervals over seeds.',
    ...MISSES,
    rows,
  });
}

function samplingCost(analysis: ExperimentAnalysis): Figure | null {
  const arm = find(analysis, 'sampling');
  if (arm === null) return null;
  const of = (name: string): Estimate | null => estimateOf(arm, `cpuMicrosPerEviction ${name}`);
  const [few, many] = [of('allkeys-lru-3'), of('allkeys-lru-10')];
  return intervals(analysis, {
    id: 'sampling',
    title: `An eviction costs ${number(few?.value ?? 0, 2)} µs of CPU with 3 samples and ${number(many?.value ?? 0, 2)} µs with 10`,
    subtitle:
      'CPU of a SET that pushes out a key less that of one that has room; 40 repetitions a trial, freeing the victim included.',
    axis: 'CPU per eviction, µs',
    rows: SAMPLING_NAMES.flatMap((name) => {
      const cost = of(name);
      return row(name, cost, `${number(cost?.value ?? 0, 2)} µs`);
    }),
  });
}

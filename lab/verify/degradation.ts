import {
  ARMS,
  type Fault,
  FAULTS,
  configuredMs,
  nameOf,
} from '../../scenarios/degradation/arms.ts';
import {
  brokenParts,
  type Cell,
  cellsOf,
  extraMs,
  PROMISE,
} from '../../scenarios/degradation/cells.ts';
import type { RunResult } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

/** Every fault has to hold. */
const OURS = ARMS.filter((arm) => arm.name.startsWith('full-')).map(({ name }) => name);
/** The disease: these faults have to be felt by a store without protection. */
const DISEASED: readonly Fault[] = ['redis-killed', 'redis-frozen', 'postgres-slow', 'both-away'];

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'pages, delay and recovery under every fault with full protection, about 15 minutes',
  experiments: ['degradation'],
  flags: {
    profile: 'full',
    arms: [...DISEASED.map((fault) => nameOf('none', fault)), ...OURS].join(','),
  },
  design: { rounds: 3, warmSeconds: 1, measureSeconds: 17 },
  judge: (result) => judgeDegradation(result),
};

/** @returns One line per cell; passed when no fault is missing, all of ours hold and each bare one breaks something. */
export function judgeDegradation({ experiments }: Pick<RunResult, 'experiments'>): Judgement {
  const [analysis] = experiments;
  const ours = analysis === undefined ? [] : cellsOf(analysis, ['full']);
  const bare = analysis === undefined ? [] : cellsOf(analysis, ['none']);
  const missing = [
    ...(Object.keys(FAULTS) as Fault[])
      .filter((fault) => !ours.some((cell) => cell.fault === fault))
      .map((fault) => nameOf('full', fault)),
    ...DISEASED.filter((fault) => !bare.some((cell) => cell.fault === fault)).map((fault) =>
      nameOf('none', fault),
    ),
  ];
  return {
    lines: [...[...ours, ...bare].map(lineOf), ...missing.map((arm) => `${arm}: no valid trial`)],
    passed:
      missing.length === 0 &&
      ours.every((cell) => brokenParts(cell).length === 0) &&
      bare.every((cell) => brokenParts(cell).length > 0),
  };
}

function lineOf(cell: Cell): string {
  const { protection, fault, pages, answered, availability, tail, recoverySeconds, trials } = cell;
  const extra = extraMs(cell);
  const longer =
    tail === null || extra === null
      ? 'too few pages for a quantile'
      : `p${tail.q * 100} ${Number.isFinite(extra) ? `${extra.toFixed(0)} ms longer` : 'without an answer'} than ${tail.quietMs.toFixed(0)} ms (at most ${configuredMs(fault).toFixed(0)})`;
  const broken = brokenParts(cell);
  const verdict = broken.length === 0 ? 'holds' : `breaks ${broken.join(', ')}`;
  return `${protection}, ${fault}: ${answered} of ${pages} pages within 2 s, ${per(availability.value)} (${per(availability.low)} to ${per(availability.high)}, at least ${per(PROMISE.availability)}); ${longer}; well again after ${recoverySeconds.toFixed(1)} s (at most ${PROMISE.recoverySeconds}); n = ${trials} trials: ${verdict}`;
}

function per(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

import type { ExperimentAnalysis, TheoryCheck } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

/** Share of the grid's cells in which theory must lie inside the measured interval. */
const LEAST_SHARE = 0.9;
/** Fewer say nothing of a share: arms without a valid trial. */
const LEAST_CELLS = 60;

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'theory inside the interval of the measured hit ratio, about 12 minutes',
  experiments: ['hit-ratio'],
  flags: { profile: 'full' },
  design: { rounds: 2, warmSeconds: 1.5, measureSeconds: 8 },
  judge: ({ experiments }) => judgeCells(experiments.find(({ name }) => name === 'hit-ratio')),
};

/** How many cells of the analysed experiment hold theory; the others by name, and what is not a hit ratio. */
export function judgeCells(experiment: ExperimentAnalysis | undefined): Judgement {
  const rows = experiment?.theory ?? [];
  const cells = rows.filter(
    ({ quantity, agrees }) => quantity.startsWith('hit ratio') && agrees !== null,
  );
  const inside = cells.filter(({ agrees }) => agrees === true);
  const others = rows.filter(({ quantity }) => !quantity.startsWith('hit ratio'));
  return {
    lines: [
      `theory inside the 95 % interval in ${inside.length} of ${cells.length} cells ` +
        `(at least ${LEAST_SHARE * 100} % of at least ${LEAST_CELLS} wanted)`,
      ...[...cells.filter(({ agrees }) => agrees === false), ...others].map(describe),
      ...(experiment?.armsWithoutData ?? []).map((arm) => `${arm}: no valid trial`),
    ],
    passed: cells.length >= LEAST_CELLS && inside.length >= LEAST_SHARE * cells.length,
  };
}

function describe({ arm, quantity, theory, measured, agrees }: TheoryCheck): string {
  const { value, interval, n } = measured;
  const range = interval === null ? '' : ` (${share(interval.low)} to ${share(interval.high)})`;
  const word = agrees === true ? 'inside' : agrees === false ? 'outside' : 'no interval';
  return `${arm}, ${quantity}: theory ${share(theory)}, measured ${share(value)}${range}, ${n} cycles: ${word}`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}

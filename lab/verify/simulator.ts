import { ARMS } from '../../scenarios/simulator/arms.ts';
import type { ExperimentAnalysis, TheoryCheck } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

/** All but the avalanche that is too small for a peak. */
const JUDGED = ARMS.map(({ name }) => name).filter((name) => name !== 'jitter10-300');
/** Share of the judged cells in which the server must do what the simulator predicts. */
const LEAST_SHARE = 0.9;
/** Fewer say nothing of a share: arms without a valid trial, or trials too short for a narrow band. */
const LEAST_CELLS = 25;
/** What each part of the simulator must be held against; the first words of the quantity. */
const PARTS = ['hit ratio', 'share of old pages', 'loads per expiry', 'SELECTs in the highest'];

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'the real server inside the simulator’s 95 % band (at most ± 15 %), about 10 minutes',
  experiments: ['simulator'],
  flags: { profile: 'full', arms: JUDGED.join(',') },
  design: { rounds: 2, warmSeconds: 2, measureSeconds: 24 },
  judge: ({ experiments }) =>
    judgePredictions(experiments.find(({ name }) => name === 'simulator')),
};

/** How many cells are as predicted; the others by name, and what could not be judged. */
export function judgePredictions(
  experiment: Pick<ExperimentAnalysis, 'theory' | 'armsWithoutData'> | undefined,
): Judgement {
  const rows = experiment?.theory ?? [];
  const cells = rows.filter(({ agrees }) => agrees !== null);
  const met = cells.filter(({ agrees }) => agrees === true);
  const missing = PARTS.filter((part) => !cells.some(({ quantity }) => quantity.startsWith(part)));
  return {
    lines: [
      `as predicted in ${met.length} of ${cells.length} cells ` +
        `(at least ${LEAST_SHARE * 100} % of at least ${LEAST_CELLS} wanted)`,
      ...rows
        .filter((row) => row.agrees !== true || !row.quantity.startsWith(PARTS[0]!))
        .map(describe),
      ...missing.map((part) => `${part}…: no cell with a band of ± 15 % or less`),
      ...(experiment?.armsWithoutData ?? []).map((arm) => `${arm}: no valid trial`),
    ],
    passed:
      cells.length >= LEAST_CELLS &&
      met.length >= LEAST_SHARE * cells.length &&
      missing.length === 0,
  };
}

function describe({ arm, quantity, theory, measured, agrees, note }: TheoryCheck): string {
  const word = agrees === true ? 'as predicted' : agrees === false ? 'outside' : 'not judged';
  return `${arm}, ${quantity}: predicted ${round(theory)}, measured ${round(measured.value)}; ${note}: ${word}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}

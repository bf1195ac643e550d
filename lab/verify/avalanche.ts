import type { ExperimentAnalysis, TheoryCheck } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

/** The arm that is judged; the others are printed beside it. */
const JUDGED = 'jitter10';

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'ends and SELECTs per second under TTL ± 10 % against K / (2·j·TTL), about 9 minutes',
  experiments: ['avalanche'],
  flags: { profile: 'standard', arms: `flat,${JUDGED},jitter50` },
  design: { rounds: 4, warmSeconds: 3, measureSeconds: 22 },
  judge: ({ experiments }) => judgeSpread(experiments.find(({ name }) => name === 'avalanche')),
};

/** Both figures of ± 10 % must hold theory in their interval. */
function judgeSpread(experiment: ExperimentAnalysis | undefined): Judgement {
  const rows = experiment?.theory ?? [];
  const judged = rows.filter(
    ({ arm, quantity }) => arm === JUDGED && !quantity.includes('highest'),
  );
  const claim = experiment?.claims.find(({ id }) => id === 'C22');
  return {
    lines: [
      ...rows.map(describe),
      ...(claim === undefined ? [] : [`C22 ${claim.verdict}: ${claim.figure}`]),
      ...(experiment?.armsWithoutData ?? []).map((arm) => `${arm}: no valid trial`),
    ],
    passed: judged.length === 2 && judged.every(({ agrees }) => agrees === true),
  };
}

/** One comparison with theory as a line. */
export function describe({
  arm,
  quantity,
  formula,
  theory,
  measured,
  agrees,
}: TheoryCheck): string {
  const { value, interval, n } = measured;
  const range = interval === null ? '' : ` (${round(interval.low)} to ${round(interval.high)})`;
  const word = agrees === true ? 'agrees' : agrees === false ? 'does not agree' : 'not judged';
  return `${arm}, ${quantity}: theory ${round(theory)} by ${formula}, measured ${round(value)}${range}, n = ${n} trials: ${word}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}

import type { RunResult, TrialRecord } from '../result.ts';
import { wilson } from '../stats/wilson.ts';
import type { BenchCriterion } from './criterion.ts';

/** Policies under which a load that an edit overtook must not leave its page behind. */
const STRICT = ['ten-lease', 'ten-fence', 'ten-hardened'];
/** The same schedule without a fence: the race must be there to be avoided. */
const CONTROL = 'ten-invalidated';

/** What each strict arm must have met before its zero counts. */
const LEAST = { reads: 100_000, edits: 1000, overlappingFills: 50, refusedFills: 1 };

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'no stale set under lease, fence and hardened, about 15 minutes',
  experiments: ['staleness'],
  flags: { profile: 'full', arms: [...STRICT, CONTROL].join(','), rate: '500' },
  // 3 rounds of 70 s at 500 reads/s: 105,000 reads, and about 1,200 edits, in each arm.
  design: { rounds: 3, warmSeconds: 2, measureSeconds: 70 },
  judge,
};

/** Totals of an arm's valid trials. */
function totals(
  result: RunResult,
  name: string,
): { trials: number; of: (total: string) => number } {
  const arm = result.experiments
    .find((one) => one.name === 'staleness')
    ?.arms.find((one) => one.arm === name);
  return {
    trials: arm?.trials.valid ?? 0,
    of: (total) => arm?.findings?.totals[total] ?? 0,
  };
}

function judge(
  result: RunResult,
  _records: readonly TrialRecord[],
): { lines: string[]; passed: boolean } {
  const strict = STRICT.map((name) => judgeStrict(name, totals(result, name)));
  const control = totals(result, CONTROL);
  const sets = control.of('staleSets');
  const controlLine = `${CONTROL}: ${sets} stale sets in ${control.of('writes')} edits and ${control.of('reads')} reads (at least 1, as proof that the schedule has the race)`;
  return {
    lines: [...strict.map((one) => one.line), controlLine],
    passed: strict.every((one) => one.passed) && sets > 0,
  };
}

function judgeStrict(
  name: string,
  { of }: ReturnType<typeof totals>,
): { line: string; passed: boolean } {
  const [reads, edits, overlapping, refused, sets] = [
    'reads',
    'writes',
    'overlappingFills',
    'refusedFills',
    'staleSets',
  ].map(of) as [number, number, number, number, number];
  const bound = wilson(0, reads)?.interval?.high ?? 1;
  const missing = [
    ...(reads < LEAST.reads ? [`${LEAST.reads} reads`] : []),
    ...(edits < LEAST.edits ? [`${LEAST.edits} edits`] : []),
    ...(overlapping < LEAST.overlappingFills
      ? [`${LEAST.overlappingFills} fills that overlap an edit`]
      : []),
    ...(refused < LEAST.refusedFills ? ['a refused fill'] : []),
  ];
  const counted =
    missing.length === 0 ? '' : `; does not count: it needs at least ${missing.join(', ')}`;
  return {
    line:
      `${name}: ${sets} stale sets in ${reads} reads (0 bounds their share at ${bound.toExponential(1)}) and ${edits} edits; ` +
      `${overlapping} fills overlapped an edit, ${refused} were refused${counted}`,
    passed: sets === 0 && missing.length === 0,
  };
}

import type { Arm, Experiment, Load, ProfileDesign } from './experiment.ts';
import { LabError } from './errors.ts';
import type { Profile } from './result.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import { ROUNDS_FOR_A_VERDICT } from './stats/compare.ts';
import { smallestAttainableP } from './stats/holm.ts';

/** Everything that a user may set for a run; recorded in `run.json`, so that `--resume` meets the same plan. */
export interface RunOptions {
  experiments: string[];
  profile: Profile;
  arms: string[] | null;
  /** Overrides each open load's rate. */
  ratePerSecond: number | null;
  ttlSeconds: number | null;
  stores: number;
  updatesPerSecond: number | null;
  /** Server processes of every arm; null: each arm's own number. */
  serverProcesses?: number | null;
  seed: number;
  /** Added to every database round trip, in ms: `0`, `10` or `5-10`. */
  dbLatency: string;
  /** From the config file alone: takes the place of each experiment's own rounds and seconds. */
  design?: Omit<ProfileDesign, 'arms'>;
}

/** One trial that the run will make. */
export interface PlannedTrial {
  experiment: string;
  arm: string;
  round: number;
  slot: number;
  seed: number;
}

export interface ExperimentPlan {
  experiment: Experiment;
  design: ProfileDesign;
  arms: Arm[];
  trials: PlannedTrial[];
  estimatedSeconds: number;
}

/** What a trial costs beside its load: server start and stop, k6 start, resetting rows, reading k6's output. Measured on 2 cores. */
const TRIAL_OVERHEAD_SECONDS = 2.6;
/** One probe of a search beside its load. */
const PROBE_OVERHEAD_SECONDS = 0.9;
/** Probes that a search takes on average: doublings, then halvings of the bracket. */
const EXPECTED_PROBES = 7;
/**
 * The trials of one experiment: rounds of all arms, each round in an order drawn from the seed, so
 * balanced that over as many rounds as there are arms, each arm takes each slot once. A drift of the
 * machine then meets all arms alike.
 */
export function planTrials(
  experiment: string,
  arms: readonly string[],
  rounds: number,
  seed: number,
): PlannedTrial[] {
  const random = seededRandom(`${seed}/${experiment}/order`);
  const trials: PlannedTrial[] = [];
  let base: string[] = [];
  let shifts: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (shifts.length === 0) {
      base = shuffled(arms, random);
      shifts = shuffled(
        arms.map((_, index) => index),
        random,
      );
    }
    const shift = shifts.pop() ?? 0;
    for (let slot = 0; slot < base.length; slot += 1) {
      const arm = base[(slot + shift) % base.length]!;
      // One seed per round, shared by its arms: they draw the same latencies and meet the same load.
      const trialSeed = Math.floor(seededRandom(`${seed}/${experiment}/${round}`)() * 2 ** 31);
      trials.push({ experiment, arm, round, slot, seed: trialSeed });
    }
  }
  return trials;
}

/** The load that an arm gets, with the user's overrides. */
export function loadOf(experiment: Experiment, arm: Arm, options: RunOptions): Load {
  const load = arm.load ?? experiment.load;
  if (load.kind === 'open' && options.ratePerSecond !== null) {
    return { ...load, ratePerSecond: options.ratePerSecond };
  }
  return load;
}

/**
 * Virtual users of an open load: enough that none is missing when the server is three times slower
 * than expected, because an arrival without a free user is dropped and the tail becomes fiction.
 */
export function virtualUsersOf(load: Load): number {
  switch (load.kind) {
    case 'open':
      return (
        load.virtualUsers ??
        Math.max(
          10,
          Math.ceil(load.ratePerSecond * Math.max(0.25, (3 * load.expectedP99Ms) / 1000)),
        )
      );
    case 'closed':
      return load.virtualUsers;
    case 'search':
      return Math.max(20, Math.ceil(load.maxRatePerSecond * 0.25));
    default:
      return load satisfies never;
  }
}

function trialSeconds(
  { protocol }: Experiment,
  arm: Arm,
  load: Load,
  design: ProfileDesign,
): number {
  const phases = protocol?.seconds?.(arm, design) ?? design.warmSeconds + design.measureSeconds;
  return load.kind === 'search'
    ? EXPECTED_PROBES * (phases + PROBE_OVERHEAD_SECONDS) + TRIAL_OVERHEAD_SECONDS
    : phases + TRIAL_OVERHEAD_SECONDS;
}

/**
 * Plans the chosen experiments.
 * @throws LabError `E_UNKNOWN_EXPERIMENT`, `E_UNKNOWN_ARM`, `E_DESIGN_TOO_SMALL`
 */
export function planRun(all: readonly Experiment[], options: RunOptions): ExperimentPlan[] {
  const unknown = options.experiments.filter((name) => all.every((one) => one.name !== name));
  if (unknown.length > 0) {
    throw new LabError('E_UNKNOWN_EXPERIMENT', `unknown experiment: ${unknown.join(', ')}`, {
      hint: `known: ${all.map((one) => one.name).join(', ')} (npm run lab -- list)`,
      exitCode: 2,
    });
  }
  const named = options.experiments.length > 0;
  const chosen = named ? all.filter((one) => options.experiments.includes(one.name)) : all;
  const plans = chosen.flatMap((experiment) => planExperiment(experiment, options, named));
  if (options.arms !== null) {
    const known = new Set(chosen.flatMap((one) => one.arms.map((arm) => arm.name)));
    const missing = options.arms.filter((arm) => !known.has(arm));
    if (missing.length > 0) {
      throw new LabError('E_UNKNOWN_ARM', `unknown arm: ${missing.join(', ')}`, {
        hint: `known: ${[...known].join(', ')}`,
        exitCode: 2,
      });
    }
  }
  return plans;
}

function planExperiment(
  experiment: Experiment,
  options: RunOptions,
  named: boolean,
): ExperimentPlan[] {
  const { profiles } = experiment;
  // An experiment asked for by name runs, even where the profile would leave it out.
  const usual = profiles[options.profile] ?? (named ? (profiles.standard ?? profiles.full) : null);
  if (usual === null) return [];
  const design = { ...usual, ...options.design };
  const wanted = options.arms ?? design.arms ?? null;
  const arms = experiment.arms.filter((arm) => wanted === null || wanted.includes(arm.name));
  if (arms.length === 0) return [];
  checkFamily(experiment, design);
  const trials = planTrials(
    experiment.name,
    arms.map((arm) => arm.name),
    design.rounds,
    options.seed,
  );
  const estimatedSeconds = trials.reduce((sum, trial) => {
    const arm = arms.find((one) => one.name === trial.arm)!;
    return sum + trialSeconds(experiment, arm, loadOf(experiment, arm, options), design);
  }, 0);
  return [{ experiment, design, arms, trials, estimatedSeconds }];
}

/**
 * What a choice of arms leaves without an answer: comparisons of which only the candidate runs.
 * @returns One sentence for each baseline that is missing.
 */
export function missingBaselines({ experiment, arms }: ExperimentPlan): string[] {
  const runs = new Set(arms.map((arm) => arm.name));
  const orphans = experiment.comparisons.filter(
    ({ baseline, candidate }) => runs.has(candidate) && !runs.has(baseline),
  );
  return [...new Set(orphans.map(({ baseline }) => baseline))].map((missing) => {
    const left = orphans.filter(({ baseline }) => baseline === missing);
    const candidates = [...new Set(left.map(({ candidate }) => candidate))].join(', ');
    return `${candidates}: not compared without ${missing}; add it to --arms for the comparison`;
  });
}

/** Refuses a design whose verdicts could never be significant, whatever is measured. */
function checkFamily(experiment: Experiment, design: ProfileDesign): void {
  const family = experiment.comparisons.filter(
    (one) => one.rank === 'primary' || one.rank === 'family',
  );
  if (family.length > 4) {
    throw new LabError(
      'E_DESIGN_TOO_SMALL',
      `${experiment.name} declares ${family.length} comparisons with a verdict, at most 4 are allowed`,
      { hint: "give the others the rank 'interval only'", exitCode: 2 },
    );
  }
  // Below 12 rounds no verdict words are given at all, so there is nothing to refuse.
  if (design.rounds < ROUNDS_FOR_A_VERDICT || family.length === 0) return;
  const smallestP = smallestAttainableP(design.rounds, family.length);
  if (smallestP > 0.05) {
    throw new LabError(
      'E_DESIGN_TOO_SMALL',
      `${experiment.name}: ${design.rounds} rounds give at best p = ${smallestP.toFixed(3)} after Holm`,
      { hint: `use more rounds or a smaller family`, exitCode: 2 },
    );
  }
}

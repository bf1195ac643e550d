import type { Analysed, Arm, Experiment, Measure } from './experiment.ts';
import { censoredArrivals } from './measures.ts';
import { type ExperimentPlan, loadOf, type RunOptions } from './plan.ts';
import type {
  ArmAnalysis,
  Comparison,
  Estimate,
  ExperimentAnalysis,
  Findings,
  Measurement,
  MeasureDescription,
  Outcome,
  StoredHistogram,
  TrialRecord,
} from './result.ts';
import { comparePairs, decide, type Pair, type PairedComparison } from './stats/compare.ts';
import { arithmeticMean, geometricMean } from './stats/mean.ts';
import { mergeHistograms } from './stats/histogram.ts';
import { holm } from './stats/holm.ts';
import { latencyCurve, plainQuantileMs, quantileMs } from './stats/quantile.ts';

/** Quantiles that every table of a report shows. */
const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];

type ValidRecord = Extract<TrialRecord, { state: 'completed' }>;

/**
 * What the records of one experiment say. A pure function: the same records give the same analysis, and
 * other records other verdicts.
 */
export function analyseExperiment(
  plan: ExperimentPlan,
  options: RunOptions,
  allRecords: readonly TrialRecord[],
): ExperimentAnalysis {
  const { experiment, design } = plan;
  const records = allRecords.filter((record) => record.experiment === experiment.name);
  const arms = plan.arms.map((arm) => {
    const own = records.filter((record) => record.arm === arm.name);
    return analyseArm(arm, experiment, own);
  });
  const load = loadOf(experiment, plan.arms[0] ?? experiment.arms[0]!, options);
  const analysed: Analysed = {
    name: experiment.name,
    title: experiment.title,
    question: experiment.question,
    caveats: experiment.caveats,
    design: {
      rounds: design.rounds,
      arrivals: describeArrivals(load),
      ratePerSecond: load.kind === 'open' ? load.ratePerSecond : null,
      warmSeconds: design.warmSeconds,
      measureSeconds: design.measureSeconds,
      dbLatency: options.dbLatency,
      updatesPerSecond: updatesPerSecond(plan, options),
      ...(experiment.pages === false ? { pages: false as const } : {}),
      flagsAsMeasures: Object.entries(experiment.flagsAsMeasures).map(
        ([flag, reason]) => `${flag}: ${reason}`,
      ),
    },
    primaryMeasure: describe(experiment.measures[0]),
    measures: experiment.measures.map(describe),
    arms,
    comparisons: compare(experiment, records, arms, design.rounds),
    armsWithoutData: arms.filter((arm) => arm.trials.valid === 0).map((arm) => arm.arm),
  };
  return {
    ...analysed,
    answer: experiment.answer(analysed),
    claims: experiment.claims(analysed),
    ...(experiment.theory === undefined ? {} : { theory: experiment.theory(analysed) }),
    ...(experiment.scores === undefined ? {} : { scores: experiment.scores(analysed) }),
    ...(experiment.tradeOffs === undefined ? {} : { tradeOffs: experiment.tradeOffs(analysed) }),
  };
}

function describe({ name, title, unit, better }: Measure): MeasureDescription {
  return { name, title, unit, better };
}

function describeArrivals(load: ReturnType<typeof loadOf>): string {
  switch (load.kind) {
    case 'open':
      return load.arrivals === 'even'
        ? 'open model, even arrivals'
        : 'open model, Poisson arrivals';
    case 'closed':
      return 'closed model';
    case 'search':
      return 'open model, one rate per probe';
    default:
      return load satisfies never;
  }
}

/** The densest updates of any arm. */
function updatesPerSecond(plan: ExperimentPlan, options: RunOptions): number {
  const declared = plan.arms.map((arm) => arm.updatesPerSecond ?? plan.experiment.updatesPerSecond);
  const densest = Math.max(0, ...declared);
  return densest === 0 ? 0 : (options.updatesPerSecond ?? densest);
}

function analyseArm(
  { name, title, policy, role }: Arm,
  experiment: Experiment,
  records: readonly TrialRecord[],
): ArmAnalysis {
  const valid = records.filter((record): record is ValidRecord => record.state === 'completed');
  const measurements = valid.map((record) => record.measurement);
  const merged = mergeHistograms(wholeResponses(measurements).map((one) => one.hdr));
  const censored = sumOf(measurements, censoredArrivals);
  return {
    ...{ arm: name, title, policy, role },
    trials: {
      valid: valid.length,
      invalid: records.filter((record) => record.state === 'invalid').length,
      failed: records.filter((record) => record.state === 'failed').length,
      repeated: records.filter((record) => record.attempt > 1).length,
    },
    quantiles: QUANTILES.map((q) => quantileMs(merged, q, censored)),
    requests: merged.totalCount,
    curve: latencyCurve(merged, censored),
    timeline: timeline(measurements),
    events: valid[0]?.measurement.events ?? [],
    measures: Object.fromEntries(
      experiment.measures.map((measure) => [
        measure.name,
        meanOf(measurements.map((one) => measure.read(one)).filter((one) => one !== null)),
      ]),
    ),
    outcomes: sumOutcomes(measurements),
    selectsPerPage: selectsPerPage(measurements),
    ...findingsOf(measurements),
    strip: records.map((record) => stripEntry(record, experiment.measures[0])),
    search: searchOf(measurements),
  };
}

/** Latencies and costs by their geometric mean; figures that may be zero (a queue, the CPU of an idle Redis) by the usual one. */
function meanOf(values: readonly number[]): Estimate | null {
  return values.some((value) => value <= 0) ? arithmeticMean(values) : geometricMean(values);
}

const isWholeResponse = (one: StoredHistogram): boolean =>
  one.metric === 'response' && one.request === 'page' && one.outcome === 'all';

function wholeResponses(measurements: readonly Measurement[]): StoredHistogram[] {
  return measurements.flatMap((one) =>
    one.histograms.filter((entry) => isWholeResponse(entry) && entry.second === undefined),
  );
}

/** Seconds of all trials laid over each other. */
function timeline(measurements: readonly Measurement[]): ArmAnalysis['timeline'] {
  const seconds = new Map<number, string[]>();
  for (const entry of measurements.flatMap((one) => one.histograms)) {
    if (!isWholeResponse(entry) || entry.second === undefined) continue;
    seconds.set(entry.second, [...(seconds.get(entry.second) ?? []), entry.hdr]);
  }
  return [...seconds]
    .sort(([a], [b]) => a - b)
    .map(([second, encoded]) => {
      const histogram = mergeHistograms(encoded);
      return {
        second,
        p50Ms: plainQuantileMs(histogram, 0.5) ?? 0,
        p99Ms: quantileMs(histogram, 0.99).ms,
        maxMs: histogram.maxValue / 1000,
        requests: histogram.totalCount,
      };
    });
}

function sumOf<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((sum, item) => sum + read(item), 0);
}

function sumOutcomes(measurements: readonly Measurement[]): Partial<Record<Outcome, number>> {
  const sums: Partial<Record<Outcome, number>> = {};
  for (const { server } of measurements) {
    for (const [outcome, count] of Object.entries(server.outcomes) as [Outcome, number][]) {
      sums[outcome] = (sums[outcome] ?? 0) + count;
    }
  }
  return sums;
}

function findingsOf(measurements: readonly Measurement[]): Pick<ArmAnalysis, 'findings'> {
  const all = measurements.flatMap((one) => one.findings ?? []);
  if (all.length === 0) return {};
  const totals: Findings['totals'] = {};
  const samples: Findings['samples'] = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one.totals)) {
      totals[name] = (totals[name] ?? 0) + value;
    }
    for (const [name, values] of Object.entries(one.samples)) {
      samples[name] = [...(samples[name] ?? []), ...values];
    }
  }
  const series = all.flatMap((one) => one.series);
  const notes = [...new Set(all.flatMap((one) => one.notes))];
  return { findings: { totals, samples, series, notes } };
}

/**
 * SELECTs per page view. The server counts them per request of the measured phase; Postgres counts the whole
 * trial, so its figure is scaled by the share that the server saw in the measured phase.
 */
function selectsPerPage(measurements: readonly Measurement[]): ArmAnalysis['selectsPerPage'] {
  const requests = sumOf(measurements, (one) => one.server.requests);
  if (requests === 0) return { server: null, postgres: null };
  const measured = sumOf(measurements, (one) => one.server.selects);
  const server = measured / requests;
  if (measurements.some((one) => one.postgres === null)) return { server, postgres: null };
  const whole = sumOf(measurements, (one) => one.server.selectsWholeTrial);
  const witnessed = sumOf(measurements, (one) => one.postgres?.selects ?? 0);
  if (whole === 0) return { server, postgres: witnessed / requests };
  return { server, postgres: (server * witnessed) / whole };
}

function stripEntry(record: TrialRecord, primary: Measure): ArmAnalysis['strip'][number] {
  const measurement = record.state === 'failed' ? null : record.measurement;
  const reasons =
    record.state === 'failed'
      ? [record.error]
      : record.flags.map((flag) => `${flag.severity}: ${flag.flag} (${flag.detail})`);
  return {
    order: record.order,
    round: record.round,
    slot: record.slot,
    attempt: record.attempt,
    state: record.state,
    value: measurement === null ? null : primary.read(measurement),
    reasons,
  };
}

function searchOf(measurements: readonly Measurement[]): ArmAnalysis['search'] {
  const searches = measurements.flatMap((one) => (one.search === null ? [] : [one.search]));
  if (searches.length === 0) return null;
  const passes = searches.flatMap((one) => one.highestPassPerSecond ?? []);
  const highestPass = geometricMean(passes) ?? { value: 0, interval: null, n: 0 };
  const fails = searches.flatMap((one) => one.lowestFailPerSecond ?? []);
  const limits = new Set(searches.map((one) => one.limitedBy));
  return {
    highestPass,
    lowestFail: fails.length === 0 ? null : Math.max(...fails),
    // One generator-limited search makes the figure a lower bound.
    limitedBy: limits.has('generator') ? 'generator' : [...limits].join(', '),
    probes: searches.flatMap((one) => one.probes),
  };
}

/**
 * Compares the declared arms within rounds: only rounds in which both have a valid trial count. Holm
 * adjusts the primary comparison and its family together.
 */
function compare(
  experiment: Experiment,
  records: readonly TrialRecord[],
  arms: readonly ArmAnalysis[],
  rounds: number,
): Comparison[] {
  const present = new Set(arms.map((arm) => arm.arm));
  const compared = experiment.comparisons
    .filter((one) => present.has(one.baseline) && present.has(one.candidate))
    .map((declared) => {
      const measure = experiment.measures.find((one) => one.name === declared.measure)!;
      const pairs = pairsOf(records, declared.baseline, declared.candidate, measure, rounds);
      return { declared, measure, statistics: comparePairs(pairs) };
    });
  const adjusted = holmByComparison(
    compared.filter(({ declared }) => ['primary', 'family'].includes(declared.rank)),
  );
  return compared.map((one) => {
    const { baseline, candidate, rank } = one.declared;
    const measure = describe(one.measure);
    const pHolm = adjusted.get(one) ?? null;
    const { rounds: pairs, ratio, p, smallestFindableRatio } = one.statistics;
    return {
      ...{ baseline, candidate, measure, rank, rounds: pairs, ratio, p, pHolm },
      smallestFindableRatio,
      ...decide(one.statistics, { rank, measure, pHolm }),
    };
  });
}

/** Adjusted p of those comparisons that have one. */
function holmByComparison<T extends { statistics: PairedComparison }>(
  family: readonly T[],
): Map<T, number> {
  const tested = family.filter(({ statistics }) => statistics.p !== null);
  const adjusted = holm(tested.map(({ statistics }) => statistics.p!));
  return new Map(tested.map((one, index) => [one, adjusted[index]!]));
}

function pairsOf(
  records: readonly TrialRecord[],
  baseline: string,
  candidate: string,
  measure: Measure,
  rounds: number,
): Pair[] {
  const value = (arm: string, round: number): number | null => {
    const record = records.find(
      (one): one is ValidRecord =>
        one.state === 'completed' && one.arm === arm && one.round === round,
    );
    return record === undefined ? null : measure.read(record.measurement);
  };
  return Array.from({ length: rounds }, (_, round) => ({
    baseline: value(baseline, round),
    candidate: value(candidate, round),
  })).filter((pair): pair is Pair => isPositivePair(pair));
}

/** Ratios need positive figures; a search that never passed, or a blank quantile, gives none. */
function isPositivePair(pair: { baseline: number | null; candidate: number | null }): boolean {
  return (pair.baseline ?? 0) > 0 && (pair.candidate ?? 0) > 0;
}

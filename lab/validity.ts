import { judgeSelects, judgeWitnesses } from './validity-witnesses.ts';
import { mergeHistograms } from './stats/histogram.ts';
import { steadiness } from './stats/mser5.ts';
import { plainQuantileMs } from './stats/quantile.ts';
import type { Flag, FlagName, Measurement, Outcome, StoredHistogram } from './result.ts';

/**
 * Every limit by which a trial is judged. Shares are 0 to 1. They were set on a busy 2-core machine: the shares
 * of CPU hold anywhere, a faster or quieter machine only meets them more easily.
 */
const LIMITS = {
  /** Failed requests over started ones. */
  errorShareInvalid: 0.001,
  /** Dropped arrivals over offered ones: a warning up to here (quantiles are censored), invalid above. */
  droppedShareInvalid: 0.001,
  /** Answers over offered arrivals. */
  achievedShareInvalid: 0.99,
  /** 99th percentile of k6's lag behind its schedule; the warning begins at the larger of the two. */
  startLagWarnMs: 5,
  startLagWarnShareOfP50: 0.1,
  startLagInvalidMs: 50,
  /** Above it, k6 measures itself. */
  generatorCoresInvalid: 0.7,
  /** Share of the machine in use above which a latency is a queueing delay of the machine's own. */
  hostBusyInvalid: 0.85,
  /** Share of the machine used by others. */
  foreignCpuWarn: 0.05,
  foreignCpuInvalid: 0.15,
} as const;

/** What the lab knows of a trial beside its measurement. */
export interface TrialContext {
  k6: { exitCode: number | null; errorLines: readonly string[]; timedOut: boolean };
  /** k6's raw samples: its file stops in mid-line, and lines in the middle that could not be read. */
  raw: { truncated: boolean; unreadable: number };
  expects: {
    /** Null: pages of several stores, each with a cost of its own. */
    selectsPerLoad: number | null;
    /** Outcomes of which at least one page must be there; empty: any will do. */
    outcomes: readonly Outcome[];
    /** The script was told to tag each page's outcome: then each page must have one. */
    outcomesTagged: boolean;
  };
  /** One sentence per difference between the declared and the found state: policy in force, keys, rows, menu version. */
  stateProblems: readonly string[];
  /** The trial is there to give latencies, so a busy machine spoils it. False for probes of a search. */
  latencyClaim: boolean;
  /** Flags that the experiment measures instead of rejecting, each with its reason. */
  flagsAsMeasures: Partial<Record<FlagName, string>>;
}

/** Whatever an experiment says, these mean that there is no result. */
const NEVER_EXCUSED: readonly FlagName[] = ['script-errors', 'wrong-state', 'no-samples'];

/**
 * Judges one trial; fails closed. k6 itself reports success when every request was refused, when the script threw
 * in each iteration, or when half of the arrivals were never made.
 * @param measurement - Null when there was nothing to reduce.
 * @returns Empty for a trial beyond doubt; any flag of severity `invalid` makes it invalid.
 */
export function judgeTrial(measurement: Measurement | null, context: TrialContext): Flag[] {
  const flags = [...judgeRun(context), ...judgeState(context)];
  if (measurement === null) {
    flags.push(invalid('no-samples', 'nothing was measured'));
  } else {
    flags.push(
      ...judgeSamples(measurement, context),
      ...judgeLoad(measurement),
      ...judgeMachine(measurement, context),
      ...judgeSelects(measurement, context.expects.selectsPerLoad),
      ...judgeWitnesses(measurement, context.expects.selectsPerLoad),
      ...judgeSteadiness(measurement),
    );
  }
  return flags.map((flag) => asMeasure(flag, context.flagsAsMeasures[flag.flag]));
}

/**
 * Judges a trial without pages: its state, the machine beside it, and that it found anything.
 * @param stateProblems - One sentence per reason for which the trial is not what it should be.
 */
export function judgeDriver(
  measurement: Measurement,
  stateProblems: readonly string[],
  { flagsAsMeasures }: Pick<TrialContext, 'flagsAsMeasures'>,
): Flag[] {
  const { totals = {}, samples = {} } = measurement.findings ?? {};
  const nothing = [...Object.keys(totals), ...Object.values(samples).flat()].length === 0;
  return [
    ...stateProblems.map((problem) => invalid('wrong-state', problem)),
    ...(nothing ? [invalid('no-samples', 'the protocol found nothing')] : []),
    ...judgeMachine(measurement, { latencyClaim: false }),
  ].map((flag) => asMeasure(flag, flagsAsMeasures[flag.flag]));
}

function invalid(flag: FlagName, detail: string): Flag {
  return { flag, severity: 'invalid', detail };
}

function warning(flag: FlagName, detail: string): Flag {
  return { flag, severity: 'warning', detail };
}

function asMeasure(flag: Flag, reason: string | undefined): Flag {
  if (reason === undefined || NEVER_EXCUSED.includes(flag.flag)) return flag;
  return { ...flag, severity: 'measure', detail: `${flag.detail}; measured here: ${reason}` };
}

function judgeRun({ k6, raw }: TrialContext): Flag[] {
  const flags: Flag[] = [];
  if (k6.timedOut) flags.push(invalid('timeout', 'k6 did not end by itself and was killed'));
  const thrown = k6.errorLines.filter((line) => /source"?[=:]\s*"?stacktrace/.test(line));
  if (thrown.length > 0) {
    // Not caught by the script: k6 logs it, counts the iteration as done and exits with 0.
    flags.push(invalid('script-errors', `the load script threw: ${quote(thrown[0]!)}`));
  }
  if (k6.errorLines.length > 0) {
    const count = k6.errorLines.length;
    flags.push(invalid('k6-error-log', `k6 logged ${count} errors: ${quote(k6.errorLines[0]!)}`));
  }
  if (!k6.timedOut && k6.exitCode !== 0) {
    flags.push(
      invalid('k6-error-log', `k6 ended with exit code ${k6.exitCode ?? 'none (killed)'}`),
    );
  }
  if (raw.truncated) flags.push(invalid('no-samples', "k6's samples stop in the middle of a line"));
  if (raw.unreadable > 0) {
    flags.push(invalid('no-samples', `${raw.unreadable} lines of k6's samples are unreadable`));
  }
  return flags;
}

function judgeState({ stateProblems }: TrialContext): Flag[] {
  return stateProblems.map((problem) => invalid('wrong-state', problem));
}

function judgeSamples(measurement: Measurement, { expects }: TrialContext): Flag[] {
  const flags: Flag[] = [];
  const { counts, clientOutcomes, server } = measurement;
  if (counts.scriptErrors > 0) {
    flags.push(invalid('script-errors', `the load script threw ${counts.scriptErrors} times`));
  }
  if (counts.started > 0 && counts.completed === 0) {
    // k6 gives such requests a duration of 0 ms: a perfect p99.
    flags.push(invalid('server-down', `none of ${counts.started} requests was answered`));
  }
  const samples = wholePhase(measurement, 'response')?.count ?? 0;
  if (samples === 0) {
    flags.push(invalid('no-samples', 'not one page was answered in the measured phase'));
  } else if (samples !== counts.started - counts.failed) {
    const pages = counts.started - counts.failed;
    flags.push(invalid('no-samples', `${samples} response times for ${pages} pages`));
  }
  if (expects.outcomesTagged) {
    const tagged = Object.values(clientOutcomes).reduce((sum, count) => sum + count, 0);
    const pages = counts.started - counts.failed;
    if (tagged !== pages) {
      flags.push(invalid('no-samples', `${pages} pages, but ${tagged} with a known outcome`));
    }
  }
  const seen = expects.outcomesTagged ? clientOutcomes : server.outcomes;
  for (const outcome of expects.outcomes) {
    if ((seen[outcome] ?? 0) > 0) continue;
    flags.push(invalid('no-samples', `no page with the expected outcome "${outcome}"`));
  }
  return flags;
}

function judgeLoad(measurement: Measurement): Flag[] {
  const flags: Flag[] = [];
  const { offered, started, completed, failed, shed, dropped } = measurement.counts;
  const errorShare = started === 0 ? 0 : failed / started;
  if (errorShare > LIMITS.errorShareInvalid) {
    const share = percent(errorShare);
    flags.push(
      invalid(
        'errors',
        `${failed} of ${started} requests failed (${share}, ${shed} of them shed), limit ${percent(LIMITS.errorShareInvalid)}`,
      ),
    );
  }
  if (dropped > 0) {
    const share = dropped / Math.max(1, offered);
    const detail = `${dropped} of ${offered} arrivals dropped for want of a virtual user (${percent(share)})`;
    const tooMany = share > LIMITS.droppedShareInvalid;
    flags.push(
      tooMany
        ? invalid('dropped', detail)
        : warning('dropped', `${detail}: quantiles are censored`),
    );
  }
  if (measurement.offeredRatePerSecond !== null) {
    const share = offered === 0 ? 0 : completed / offered;
    if (share < LIMITS.achievedShareInvalid) {
      flags.push(
        invalid(
          'achieved-rate',
          `${completed} of ${offered} arrivals were answered (${percent(share)}), limit ${percent(LIMITS.achievedShareInvalid)}`,
        ),
      );
    }
  }
  return flags;
}

function judgeMachine(
  measurement: Measurement,
  { latencyClaim }: Pick<TrialContext, 'latencyClaim'>,
): Flag[] {
  const flags: Flag[] = [];
  const { cpu } = measurement;
  const lagMs = quantileOf(wholePhase(measurement, 'startLag'), 0.99);
  const p50Ms = quantileOf(wholePhase(measurement, 'response'), 0.5) ?? 0;
  const lagWarnMs = Math.max(LIMITS.startLagWarnMs, LIMITS.startLagWarnShareOfP50 * p50Ms);
  if (lagMs !== null && lagMs > LIMITS.startLagInvalidMs) {
    flags.push(
      invalid(
        'start-lag',
        `k6 started 1 % of the requests ${ms(lagMs)} late or more, limit ${LIMITS.startLagInvalidMs} ms`,
      ),
    );
  } else if (lagMs !== null && lagMs > lagWarnMs) {
    flags.push(
      warning(
        'start-lag',
        `k6 started 1 % of the requests ${ms(lagMs)} late or more, warning above ${ms(lagWarnMs)}`,
      ),
    );
  }
  const k6Cores = cpu.cores?.k6 ?? 0;
  if (k6Cores > LIMITS.generatorCoresInvalid) {
    flags.push(
      invalid(
        'generator-cpu',
        `k6 used ${k6Cores.toFixed(2)} cores, limit ${LIMITS.generatorCoresInvalid}`,
      ),
    );
  }
  if (latencyClaim && cpu.busyShare !== null && cpu.busyShare > LIMITS.hostBusyInvalid) {
    flags.push(
      invalid(
        'host-busy',
        `the machine was ${percent(cpu.busyShare)} busy, limit ${percent(LIMITS.hostBusyInvalid)} for a latency`,
      ),
    );
  }
  const foreign = cpu.foreignShare ?? 0;
  if (foreign > LIMITS.foreignCpuWarn) {
    const tooMuch = foreign > LIMITS.foreignCpuInvalid;
    const limit = percent(tooMuch ? LIMITS.foreignCpuInvalid : LIMITS.foreignCpuWarn);
    const detail = `other programs used ${percent(foreign)} of the machine, limit ${limit}`;
    flags.push(tooMuch ? invalid('foreign-cpu', detail) : warning('foreign-cpu', detail));
  }
  return flags;
}

function judgeSteadiness(measurement: Measurement): Flag[] {
  const p50s = measurement.histograms
    .filter((one) => isPage(one, 'response') && one.second !== undefined)
    .sort((a, b) => a.second! - b.second!)
    .flatMap((one) => quantileOf(one, 0.5) ?? []);
  const { steady, cut, shift } = steadiness(p50s);
  if (steady) return [];
  return [
    warning(
      'not-steady',
      `the first ${cut} of ${p50s.length} s differ from the rest: p50 ${shift.toFixed(2)} times as long`,
    ),
  ];
}

function isPage(one: StoredHistogram, metric: StoredHistogram['metric']): boolean {
  return one.metric === metric && one.request === 'page' && one.outcome === 'all';
}

function wholePhase(
  measurement: Measurement,
  metric: StoredHistogram['metric'],
): StoredHistogram | undefined {
  return measurement.histograms.find((one) => isPage(one, metric) && one.second === undefined);
}

function quantileOf(stored: StoredHistogram | undefined, q: number): number | null {
  return stored === undefined ? null : plainQuantileMs(mergeHistograms([stored.hdr]), q);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function quote(line: string): string {
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

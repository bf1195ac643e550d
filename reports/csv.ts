import type { Estimate, RunResult, TrialRecord } from '../lab/result.ts';
import { quantileName } from './format.ts';

type Cell = string | number | boolean | null;

/** One CSV file: header and rows, RFC 4180, decimal points, empty where there is no value. */
export function csv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** All CSV files of a run by file name. Times are in ms, rates per second. */
export function csvFiles(run: RunResult, records: readonly TrialRecord[]): Map<string, string> {
  const all = run.experiments.flatMap((experiment) =>
    experiment.arms.map((arm) => ({ experiment: experiment.name, arm })),
  );
  return new Map([
    ['arms.csv', arms(all)],
    ['measures.csv', measures(run)],
    ['comparisons.csv', comparisons(run)],
    [
      'curves.csv',
      csv(
        ['experiment', 'arm', 'quantile', 'ms'],
        all.flatMap(({ experiment, arm }) =>
          arm.curve.map(({ q, ms }) => [experiment, arm.arm, q, ms]),
        ),
      ),
    ],
    [
      'timeline.csv',
      csv(
        ['experiment', 'arm', 'second', 'p50_ms', 'p99_ms', 'max_ms', 'requests'],
        all.flatMap(({ experiment, arm }) =>
          arm.timeline.map((at) => [
            experiment,
            arm.arm,
            at.second,
            at.p50Ms,
            at.p99Ms,
            at.maxMs ?? null,
            at.requests,
          ]),
        ),
      ),
    ],
    [
      'probes.csv',
      csv(
        [
          'experiment',
          'arm',
          'rate_per_second',
          'achieved_per_second',
          'passed',
          'p95_ms',
          'p99_ms',
          'dropped',
          'errors',
          'server_cores',
          'generator_cores',
          'reasons',
        ],
        all.flatMap(({ experiment, arm }) =>
          (arm.search?.probes ?? []).map((probe) => [
            experiment,
            arm.arm,
            probe.ratePerSecond,
            probe.achievedPerSecond,
            probe.passed,
            probe.p95Ms,
            probe.p99Ms,
            probe.dropped,
            probe.errors,
            probe.serverCores,
            probe.generatorCores,
            probe.reasons.join('; '),
          ]),
        ),
      ),
    ],
    [
      'claims.csv',
      csv(
        ['experiment', 'claim', 'verdict', 'statement', 'figure', 'reason'],
        run.experiments.flatMap(({ name, claims }) =>
          claims.map((claim) => [
            name,
            claim.id,
            claim.verdict,
            claim.statement,
            claim.figure,
            claim.reason,
          ]),
        ),
      ),
    ],
    ['scores.csv', scores(run)],
    ['theory.csv', theory(run)],
    ['trade-offs.csv', tradeOffs(run)],
    ['findings.csv', findings(all)],
    ['trials.csv', trials(run, records)],
  ]);
}

type ArmRow = { experiment: string; arm: RunResult['experiments'][number]['arms'][number] };

function arms(all: readonly ArmRow[]): string {
  const quantiles = [...new Set(all.flatMap(({ arm }) => arm.quantiles.map(({ q }) => q)))].sort(
    (a, b) => a - b,
  );
  const names = quantiles.map((q) => `${quantileName(q)}_ms`);
  return csv(
    [
      'experiment',
      'arm',
      'policy',
      'role',
      'valid',
      'invalid',
      'failed',
      'repeated',
      'requests',
      ...names,
      'selects_per_page_server',
      'selects_per_page_postgres',
      'highest_rate_per_second',
      'highest_rate_low',
      'highest_rate_high',
      'limited_by',
    ],
    all.map(({ experiment, arm }) => [
      experiment,
      arm.arm,
      arm.policy,
      arm.role,
      arm.trials.valid,
      arm.trials.invalid,
      arm.trials.failed,
      arm.trials.repeated,
      arm.requests,
      ...quantiles.map((wanted) => arm.quantiles.find(({ q }) => q === wanted)?.ms ?? null),
      arm.selectsPerPage.server,
      arm.selectsPerPage.postgres,
      arm.search?.highestPass.value ?? null,
      arm.search?.highestPass.interval?.low ?? null,
      arm.search?.highestPass.interval?.high ?? null,
      arm.search?.limitedBy ?? null,
    ]),
  );
}

/** Value and interval, empty where there is none. */
function cells(estimate: Estimate | null): Cell[] {
  return [
    ...[estimate?.value ?? null, estimate?.interval?.low ?? null],
    ...[estimate?.interval?.high ?? null, estimate?.n ?? null],
  ];
}

function scores(run: RunResult): string {
  return csv(
    ['experiment', 'policy', 'disease', 'tone', 'words', 'value', 'low', 'high', 'n'],
    run.experiments.flatMap(({ name, scores: own = [] }) =>
      own.map(({ policy, disease, tone, words, estimate }) => [
        ...[name, policy, disease, tone, words],
        ...cells(estimate),
      ]),
    ),
  );
}

function theory(run: RunResult): string {
  return csv(
    [
      ...['experiment', 'arm', 'quantity', 'unit', 'formula', 'theory'],
      ...['measured', 'low', 'high', 'n', 'agrees', 'note'],
    ],
    run.experiments.flatMap(({ name, theory: own = [] }) =>
      own.map((check) => [
        ...[name, check.arm, check.quantity, check.unit, check.formula, check.theory],
        ...cells(check.measured),
        ...[check.agrees, check.note],
      ]),
    ),
  );
}

function tradeOffs(run: RunResult): string {
  const figures = ['stale_share', 'hit_ratio', 'selects_per_page'];
  return csv(
    [
      ...['experiment', 'policy', 'variant', 'longest_stale_seconds'],
      ...figures.flatMap((name) => [name, `${name}_low`, `${name}_high`, `${name}_n`]),
    ],
    run.experiments.flatMap(({ name, tradeOffs: own = [] }) =>
      own.map((point) => [
        ...[name, point.policy, point.variant, point.longestStaleSeconds],
        ...[point.staleShare, point.hitRatio, point.selectsPerPage].flatMap(cells),
      ]),
    ),
  );
}

/** Sums, repetitions and lines of the experiments' own protocols, one value a row. */
function findings(all: readonly ArmRow[]): string {
  return csv(
    ['experiment', 'arm', 'kind', 'name', 'x', 'value'],
    all.flatMap(({ experiment, arm: { arm, findings: own } }) =>
      own === undefined
        ? []
        : [
            ...Object.entries(own.totals).map(([name, value]) => [
              ...[experiment, arm, 'total', name, null, value],
            ]),
            ...Object.entries(own.samples).flatMap(([name, values]) =>
              values.map((value, at) => [experiment, arm, 'sample', name, at, value]),
            ),
            ...own.series.flatMap(({ name, points }) =>
              points.map(([x, y]) => [experiment, arm, 'series', name, x, y]),
            ),
          ],
    ),
  );
}

function measures(run: RunResult): string {
  return csv(
    ['experiment', 'arm', 'measure', 'unit', 'value', 'low', 'high', 'level', 'n'],
    run.experiments.flatMap((experiment) =>
      experiment.arms.flatMap((arm) =>
        Object.entries(arm.measures).map(([name, estimate]) => [
          experiment.name,
          arm.arm,
          name,
          experiment.measures.find((measure) => measure.name === name)?.unit ?? null,
          estimate?.value ?? null,
          estimate?.interval?.low ?? null,
          estimate?.interval?.high ?? null,
          estimate?.interval?.level ?? null,
          estimate?.n ?? null,
        ]),
      ),
    ),
  );
}

function comparisons(run: RunResult): string {
  return csv(
    [
      'experiment',
      'baseline',
      'candidate',
      'measure',
      'rank',
      'rounds',
      'ratio',
      'low',
      'high',
      'p',
      'p_holm',
      'found',
      'verdict',
      'smallest_findable_ratio',
      'rounds_needed',
    ],
    run.experiments.flatMap(({ name, comparisons: all }) =>
      all.map((one) => [
        name,
        one.baseline,
        one.candidate,
        one.measure.name,
        one.rank,
        one.rounds,
        one.ratio?.value ?? null,
        one.ratio?.interval?.low ?? null,
        one.ratio?.interval?.high ?? null,
        one.p,
        one.pHolm,
        one.found,
        one.verdict,
        one.smallestFindableRatio,
        one.roundsNeeded,
      ]),
    ),
  );
}

/** One row a trial; the primary measure and the reasons come from the analysis. */
function trials(run: RunResult, records: readonly TrialRecord[]): string {
  const strip = new Map(
    run.experiments.flatMap(({ name, arms: analysed }) =>
      analysed.flatMap((arm) =>
        arm.strip.map((trial) => [`${name} ${trial.order}`, trial] as const),
      ),
    ),
  );
  return csv(
    [
      'experiment',
      'order',
      'arm',
      'round',
      'slot',
      'attempt',
      'state',
      'primary_value',
      'offered',
      'completed',
      'failed',
      'dropped',
      'server_selects',
      'postgres_selects',
      'server_cpu_us',
      'postgres_cpu_us',
      'redis_cpu_us',
      'foreign_cpu_share',
      'started_at',
      'reasons',
    ],
    records.map((record) => {
      const measurement = record.state === 'failed' ? null : record.measurement;
      const cpu = measurement?.cpu.microsPerRequest ?? null;
      return [
        record.experiment,
        record.order,
        record.arm,
        record.round,
        record.slot,
        record.attempt,
        record.state,
        strip.get(`${record.experiment} ${record.order}`)?.value ?? null,
        measurement?.counts.offered ?? null,
        measurement?.counts.completed ?? null,
        measurement?.counts.failed ?? null,
        measurement?.counts.dropped ?? null,
        measurement?.server.selects ?? null,
        measurement?.postgres?.selects ?? null,
        cpu?.server ?? null,
        cpu?.postgres ?? null,
        cpu?.redis ?? null,
        measurement?.cpu.foreignShare ?? null,
        record.startedAt,
        record.state === 'failed'
          ? record.error
          : record.flags.map(({ flag, detail }) => `${flag}: ${detail}`).join('; '),
      ];
    }),
  );
}

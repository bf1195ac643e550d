import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { estimateWithInterval, number, ratioWithInterval } from '../../reports/format.ts';
import { loadRun } from '../bench.ts';
import { incomparable, shared } from '../comparable.ts';
import { type ArmChange, compareRuns, type RunComparison } from '../compare-runs.ts';
import { EXIT, LabError } from '../errors.ts';
import { RESULT_SCHEMA, type RunResult } from '../result.ts';
import { ROOT } from '../root.ts';

/**
 * `compare A B`: what changed between two runs, with intervals. Prints; writes nothing.
 * @param options.a - Run id, run folder or `results.json`.
 * @throws LabError `E_NOT_COMPARABLE` with each difference; `E_UNKNOWN_RUN`, `E_NOT_A_RUN`.
 */
export function compareCommand(options: {
  a: string;
  b: string;
  failOn: string | null;
  crossHost: boolean;
  json: boolean;
}): number {
  if (options.failOn !== null && options.failOn !== 'regression') {
    throw new LabError(
      'E_BAD_OPTIONS',
      `--fail-on must be regression, not ${JSON.stringify(options.failOn)}`,
      { hint: 'npm run lab -- compare --help', exitCode: EXIT.badArguments },
    );
  }
  const [a, b] = [readRun(options.a), readRun(options.b)];
  refuse(a, b, options.crossHost);
  const comparison = compareRuns(a, b, options.crossHost);
  if (options.json) process.stdout.write(`${JSON.stringify(comparison)}\n`);
  else process.stdout.write(printed(comparison));
  const failed = options.failOn === 'regression' && comparison.regressions.length > 0;
  return failed ? EXIT.regression : EXIT.fine;
}

/** A run by its id in `reports/runs`, or by the path of its folder or of its `results.json`. */
function readRun(name: string): RunResult {
  if (/^[\w.-]+$/.test(name) && existsSync(join(ROOT, 'reports/runs', name, 'run.json'))) {
    return loadRun(ROOT, name).result;
  }
  if (!existsSync(name)) return loadRun(ROOT, name).result; // says which runs there are
  const path = statSync(name).isDirectory() ? join(name, 'results.json') : name;
  const notARun = (why: string, cause?: unknown): LabError =>
    new LabError('E_NOT_A_RUN', `${path}: ${why}`, {
      hint: 'give a run id, a run folder or the results.json in it',
      exitCode: EXIT.badArguments,
      cause,
    });
  if (!existsSync(path)) throw notARun('there is no such file');
  let run: Partial<RunResult>;
  try {
    run = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunResult>;
  } catch (cause) {
    throw notARun('not JSON', cause);
  }
  const schema: unknown = run?.schema;
  if (schema !== RESULT_SCHEMA) {
    throw notARun(`schema ${String(schema)}, this version reads ${RESULT_SCHEMA}`);
  }
  if (!Array.isArray(run.experiments) || run.environment === undefined) {
    throw notARun('not the result of a run');
  }
  return run as RunResult;
}

function refuse(a: RunResult, b: RunResult, crossHost: boolean): void {
  const { hosts, designs } = incomparable(a, b);
  const reasons = [...(crossHost ? [] : hosts), ...designs];
  const none = shared(a, b).length === 0;
  if (none) reasons.push('no experiment is in both runs');
  if (reasons.length === 0) return;
  const onlyHosts = designs.length === 0 && !none;
  throw new LabError('E_NOT_COMPARABLE', `the runs differ in\n${reasons.join('\n')}`, {
    hint: onlyHosts
      ? '--cross-host compares counts and ratios to each run’s own baseline alone'
      : 'run both with the same options: npm run bench',
    exitCode: EXIT.badArguments,
  });
}

function printed(comparison: RunComparison): string {
  const lines = [
    `A ${comparison.a}`,
    `B ${comparison.b}`,
    ...comparison.hosts.map((difference) => `  differs: ${difference}`),
  ];
  for (const { name, arms, sentence, lost } of comparison.experiments) {
    lines.push('', name, ...table(arms.flatMap((arm) => rowsOf(arm))));
    lines.push(...lost.map((arm) => `  ${arm}: B has no valid trial of it`), `  ${sentence}`);
  }
  lines.push(
    '',
    ...comparison.onlyInOne.map((what) => `Not compared: ${what}`),
    'The runs lie apart in time: “against” divides by what a control arm of the same experiment did meanwhile, and a word needs both.',
    comparison.regressions.length === 0
      ? 'No regression found.'
      : `Regressions:\n${comparison.regressions.map((one) => `  ${one}`).join('\n')}`,
  );
  return `${lines.join('\n')}\n`;
}

const HEAD = ['arm', 'measure', 'A', 'B', 'B / A', 'against', 'verdict'];

function rowsOf({ arm, timed, counts }: ArmChange): string[][] {
  return [
    ...timed.map(({ measure, a, b, ratio, relative, control, verdict }) => [
      ...[arm, measure.title, estimateWithInterval(a, measure.unit)],
      estimateWithInterval(b, measure.unit),
      ratio === null ? '-' : ratioWithInterval(ratio),
      relative === null ? '-' : `${control} ${ratioWithInterval(relative)}`,
      verdict,
    ]),
    ...counts.map(({ name, a, b, verdict }) => [
      ...[arm, name, number(a), number(b), a === b ? '=' : '≠', '-', verdict],
    ]),
  ];
}

function table(rows: readonly string[][]): string[] {
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  return all.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}

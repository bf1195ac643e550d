import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { BELADY, POLICIES } from '../../sim/policies/registry.ts';
import { RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { supervised } from '../commands/supervised.ts';
import { EXIT, LabError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { duration } from '../progress.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { read, write } from './job.ts';
import type { CellReadings, Line, SweepReadings, TraceReadings } from './judge.ts';
import { judge } from './judge.ts';
import { installPeer, PEER_POLICIES, readPeer } from './peer.ts';
import { RECIPES } from './recipes.ts';
import type { Recipe } from './recipes.ts';
import type { Task } from './task.ts';

/** Where the traces are kept, and the dense file of each. */
const FOLDER = join(ROOT, '.cachelab', 'perf-sim');

const POLICY_NAMES = [...POLICIES, BELADY].map(({ name }) => name);
const SHARES = [0.01, 0.1];
const CURVE_SHARES = [0.01, 0.03, 0.1, 0.3];
const SWEEP_SHARES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8];
const SAMPLE_RATE = 0.01;
const THREADS = 2;
/** Fewer say little of how figures scatter. */
const ENOUGH_RUNS = 5;

const whole = (name: string, least: number, most: number): z.ZodType<number> => {
  const error = `${name} must be a whole number from ${least} to ${most}`;
  return z.coerce
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, { error });
};

const optionsSchema = z.strictObject({
  requests: whole('--requests', 10_000, 200_000_000).default(20_000_000),
  runs: whole('--runs', 1, 100).default(ENOUGH_RUNS),
  peer: z.boolean().default(false),
  trace: z.string().nullable().default(null),
});

/** A trace's file, and what measuring it brings. */
interface MeasuredTrace extends TraceReadings {
  readonly path: string;
}

/** One measurement of a round; it keeps what it reads. */
interface Arm {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * How fast the simulator is, held against what is promised: interleaved rounds, each measurement in a process of its own.
 * @param flags - `requests` of the generated traces, `runs`, `peer` (libcachesim in the same rounds), `trace` (a further one).
 * @returns 0 when every promise is kept, 3 when one is not.
 * @throws LabError `E_BAD_OPTIONS`, `E_PEER_PYTHON`, `E_PEER_INSTALL`, `E_PERF_SIM`
 */
export async function perfSim(flags: RawOptions): Promise<ExitCode> {
  const { requests, runs, peer, trace } = parse(flags);
  return supervised('perf sim', async ({ supervisor, progress }) => {
    await mkdir(FOLDER, { recursive: true });
    const python = peer ? await installPeer(ROOT, supervisor, (line) => progress.line(line)) : null;
    const recipes: Recipe[] = RECIPES.map((name) => ({ kind: 'generated', name, requests }));
    if (trace !== null) recipes.push({ kind: 'copied', from: resolve(trace), requests });
    const traces: MeasuredTrace[] = [];
    for (const recipe of recipes) {
      progress.now(`the trace ${nameOf(recipe)}: written once, then read once`);
      traces.push(await prepared(supervisor, recipe));
    }

    const arms = traces.flatMap((one, at) => armsOf(supervisor, one, python, at === 0));
    const startMs = performance.now();
    for (let run = 0; run < runs; run += 1) {
      // Turned around every second time, so that drift hits both sides alike.
      for (const arm of run % 2 === 0 ? arms : arms.toReversed()) {
        progress.now(`round ${run + 1} of ${runs}${timeLeft(startMs, run, runs)}: ${arm.name}`);
        await arm.run();
      }
    }
    progress.done();
    const judged = traces.map((one) => ({ one, lines: judge(one) }));
    print(headOf(runs, peer, requests));
    for (const { one, lines } of judged) print(tableOf(one, lines));
    const missed = judged.flatMap(({ lines }) => lines).filter(({ kept }) => kept === false);
    print(missed.length === 0 ? 'every target is kept' : `missed: ${missed.length}`);
    return missed.length === 0 ? EXIT.fine : EXIT.regression;
  });
}

function parse(flags: RawOptions): z.infer<typeof optionsSchema> {
  const result = optionsSchema.safeParse(flags);
  if (result.success) return result.data;
  throw new LabError(
    'E_BAD_OPTIONS',
    result.error.issues.map(({ message }) => message).join('\n'),
    {
      hint: 'e.g. npm run perf -- sim --requests 2000000 --runs 5 --peer',
      exitCode: EXIT.badArguments,
    },
  );
}

const nameOf = (recipe: Recipe): string =>
  recipe.kind === 'generated' ? recipe.name : basename(recipe.from);

/** Writes a trace unless it is there, makes its dense file, and looks how many objects it has. */
async function prepared(supervisor: Supervisor, recipe: Recipe): Promise<MeasuredTrace> {
  const name = nameOf(recipe);
  const path = join(FOLDER, `${name}-${recipe.requests}.oracleGeneral`);
  // A copy is made anew: the file behind the name may be another one.
  const there = recipe.kind === 'generated' && existsSync(path);
  if (!there || (await stat(path)).size !== RECORD_BYTES * recipe.requests) {
    const unfinished = join(supervisor.runFolder, basename(path));
    await write(supervisor, { kind: 'recipe', recipe, to: unfinished });
    await rename(unfinished, path);
  }
  const first = { path, policy: 'lru', capacities: [1], folder: FOLDER };
  const { requests, objects } = await read(supervisor, { kind: 'dense', ...first, kept: false });
  return {
    ...{
      name,
      path,
      requests,
      objects,
      interning: [],
      byKeys: [],
      curve: [],
      sampled: [],
      dense: [],
    },
    cells: POLICY_NAMES.flatMap((policy) =>
      SHARES.map(
        (share): CellReadings => ({
          ...{ policy, share, capacity: capacityOf(share, objects), ours: [], peer: [] },
        }),
      ),
    ),
    sweeps: [],
  };
}

const capacityOf = (share: number, objects: number): number =>
  Math.max(1, Math.round(share * objects));

/** What a round measures on one trace: the peer right beside us. */
function armsOf(
  supervisor: Supervisor,
  trace: MeasuredTrace,
  python: string | null,
  withSweeps: boolean,
): Arm[] {
  const { name, path, requests, objects, cells, sweeps } = trace;
  const ours = (what: string, task: Task, into: TraceReadings['curve']): Arm => ({
    name: `${name}, ${what}`,
    run: async () => void into.push(await read(supervisor, task)),
  });
  const theirs = (
    policy: string,
    capacities: number[],
    threads: number,
    into: CellReadings['peer'],
  ): Arm[] =>
    python === null || !PEER_POLICIES.has(policy)
      ? []
      : [
          {
            name: `${name}, libcachesim’s ${policy}`,
            run: async () => {
              const job = { path, policy, capacities, threads, requests };
              into.push(await readPeer(supervisor, python, job));
            },
          },
        ];
  const at = (shares: readonly number[]): number[] =>
    shares.map((share) => capacityOf(share, objects));

  const cellArms = cells.flatMap((cell) => {
    const { policy, share } = cell;
    const capacities = [cell.capacity];
    const task: Task = { kind: 'caches', path, policy, capacities, threads: 1 };
    return [
      ours(`${policy} at ${100 * share} %`, task, cell.ours),
      ...theirs(policy, capacities, 1, cell.peer),
    ];
  });
  const sweepArms = (withSweeps ? [...PEER_POLICIES.keys()] : []).flatMap((policy) => {
    const sweep: SweepReadings = { policy, alone: [], shared: [], peer: [] };
    sweeps.push(sweep);
    const capacities = at(SWEEP_SHARES);
    const task = { kind: 'caches', path, policy, capacities } as const;
    return [
      ours(`${policy} at 8 sizes, 1 thread`, { ...task, threads: 1 }, sweep.alone),
      ours(`${policy} at 8 sizes, 2 threads`, { ...task, threads: THREADS }, sweep.shared),
      ...theirs(policy, capacities, THREADS, sweep.peer),
    ];
  });
  const capacities = at(CURVE_SHARES);
  const lru = { path, policy: 'lru', capacities: at([0.1]) };
  const byKeys: Task = { kind: 'caches', ...lru, threads: 1, byKeys: true };
  const sample: Task = { kind: 'sampled', path, rate: SAMPLE_RATE, capacities };
  return [
    ours('interning', { kind: 'interning', path }, trace.interning),
    ours('lru by keys', byKeys, trace.byKeys),
    ours('curve', { kind: 'curve', path, capacities, byKeys: true }, trace.curve),
    ours('sample', sample, trace.sampled),
    ours('dense file', { kind: 'dense', ...lru, folder: FOLDER, kept: true }, trace.dense),
    ...cellArms,
    ...sweepArms,
  ];
}

function timeLeft(startMs: number, done: number, all: number): string {
  if (done === 0) return '';
  const seconds = ((performance.now() - startMs) / 1000 / done) * (all - done);
  return `, about ${duration(seconds)} left`;
}

function headOf(runs: number, peer: boolean, requests: number): string {
  return [
    `Median (least–most) of ${runs} interleaved ${runs === 1 ? 'round' : 'rounds'}, every measurement in a process of its own; from opening the file,`,
    'which lies in the page cache, to the answer, without starting the process. M/s: million requests a second; sizes are shares of the objects.',
    'The file chains the requests of each object, and objects are told apart by that; "by keys": by their keys instead, as in all other formats.',
    ...(peer
      ? [
          'libcachesim 0.3.5 (Python package, defaults: a hash table of 2^24 buckets) by its own C loop, sweeps by a pool of 2 threads.',
        ]
      : []),
    ...(runs < ENOUGH_RUNS ? [`Fewer than ${ENOUGH_RUNS} rounds: a first look.`] : []),
    ...(requests < 20_000_000 ? ['Targets are for 20 million requests.'] : []),
  ].join('\n');
}

function tableOf({ name, requests, objects }: TraceReadings, lines: readonly Line[]): string {
  const rows = lines.map(({ what, figure, ratio, target, kept }) => [
    ...[what, figure, ratio, target],
    kept === null ? '' : kept ? 'kept' : 'MISSED',
  ]);
  const all = [['', 'figure', 'ratio', 'target', ''], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const table = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return ['', `${name}: ${count(requests)} requests, ${count(objects)} objects`, ...table].join(
    '\n',
  );
}

const count = (value: number): string => value.toLocaleString('en-US');

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { fileURLToPath } from 'node:url';
import { LabError } from '../errors.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import type { LargeTrace } from './large-trace.ts';
import type { Recipe } from './recipes.ts';
import type { Measured, Task } from './task.ts';

/** What a child process is asked to do: to measure, or to write a trace. */
export type Job =
  | Task
  | { kind: 'recipe'; recipe: Recipe; to: string }
  | { kind: 'large'; trace: LargeTrace; to: string };

/** One measurement in a process of its own. */
export interface Reading extends Measured {
  /** The most memory that the process ever held, Node and its loader included. */
  readonly peakBytes: number;
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/**
 * Does one task in a process of its own. That process inherits the peak of this one from the moment it was forked, so this one
 * must stay small: it reads no trace itself.
 * @throws LabError `E_PERF_SIM` with what the process said.
 */
export async function read(supervisor: Supervisor, task: Task): Promise<Reading> {
  return (await ask(supervisor, task.kind, ...child(task))) as Reading;
}

/** Writes a trace in a process of its own, under a temporary name that the lab clears away. @throws LabError `E_PERF_SIM` */
export async function write(supervisor: Supervisor, job: Exclude<Job, Task>): Promise<void> {
  await ask(supervisor, job.kind, ...child(job));
}

const child = (job: Job): [command: string, args: string[]] => [
  process.execPath,
  ['--import', 'tsx', CHILD, JSON.stringify(job)],
];

/**
 * Runs a program whose last line on standard output is JSON.
 * @throws LabError `E_PERF_SIM` when it fails.
 */
export async function ask(
  supervisor: Supervisor,
  name: string,
  command: string,
  args: readonly string[],
): Promise<unknown> {
  const { code, output, errors } = await run(supervisor, name, command, args);
  if (code === 0) return JSON.parse(output.trim().split('\n').at(-1) ?? '') as unknown;
  throw new LabError('E_PERF_SIM', `${name} failed (exit ${code}): ${lastLines(errors)}`);
}

/** Runs a program to its end and keeps what it said. @throws LabError `E_SPAWN` */
export async function run(
  supervisor: Supervisor,
  name: string,
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string; errors: string }> {
  const program = supervisor.spawn(name, command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  program.child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  program.child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-4000);
  });
  // `exit` may come before the last of the output.
  const code = await new Promise<number | null>((resolve) => {
    program.child.once('close', (status) => resolve(status));
  });
  return { code, output, errors };
}

/** The end of what a program complained of, in one line. */
export function lastLines(errors: string): string {
  const lines = errors.trim().split('\n');
  return lines.slice(-3).join(' | ') || 'it said nothing';
}

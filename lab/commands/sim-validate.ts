import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { number } from '../../reports/format.ts';
import {
  type ValidationResult,
  validationAnswer,
  validationCsv,
  validationNotes,
  validationTable,
  writeValidation,
} from '../../reports/sim/validate.ts';
import { onlyReads, type Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { findRedis, type RedisProgram } from '../provision/redis.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { clockShim } from '../sim/clock-shim.ts';
import { parseSourceOptions, type SourceOptions } from '../sim/options.ts';
import { type SimulatedSource, SIMULATION_SCHEMA } from '../sim/result.ts';
import { openSource } from '../sim/source.ts';
import { ACCELERATION, planReplays, REPETITIONS, runReplays, verdictsOf } from '../sim/validate.ts';
import { type SimOutput, textTable } from './sim.ts';
import { supervised } from './supervised.ts';

/** Requests of one replay: the fast form is to take a minute. */
const REQUESTS = { fast: 540_000, long: 1_000_000 };

/**
 * `sim validate`: the model of Redis against a real one, policy by policy.
 * @returns 0, or 3 when a gap exceeds its bound.
 * @throws LabError `E_BAD_OPTIONS`, `E_TRACE_TOO_SMALL`; `E_OWN_REDIS` where no redis-server can be started.
 */
export async function validateCommand(flags: RawOptions, output: SimOutput): Promise<number> {
  const { long: asked, ...rest } = flags;
  const long = asked === true;
  const options = parseSourceOptions(withDefaults(rest, long ? REQUESTS.long : REQUESTS.fast));
  return supervised('sim validate', async ({ supervisor, progress }) => {
    const startMs = performance.now();
    const { traces, source } = await openTraces(options);
    const program = await redisProgram(supervisor, (line) => progress.line(line));
    const clock = await acceleration(supervisor);
    const plan = planReplays({ accelerated: clock.factor !== 1, long });
    const readMs = performance.now();
    const rows = await runReplays({ root: ROOT, supervisor, program }, traces, plan, {
      seed: options.seed,
      onDone(done) {
        const seconds = (performance.now() - readMs) / 1000;
        const left = Math.ceil((seconds / done) * (plan.length - done));
        progress.now(`${done} of ${plan.length} replays, about ${left} s left`);
      },
    });
    const verdicts = verdictsOf(rows);
    const result: ValidationResult = {
      schema: SIMULATION_SCHEMA,
      command: output.command,
      seed: options.seed,
      source,
      redis: { version: program.version, origin: program.origin },
      clock,
      rows,
      verdicts,
      wallSeconds: {
        reading: (readMs - startMs) / 1000,
        replaying: (performance.now() - readMs) / 1000,
      },
    };
    progress.done();
    await show(result, output);
    return verdicts.every(({ agrees }) => agrees) ? EXIT.fine : EXIT.regression;
  });
}

/** A trace that fits, where none is named; a part of one that is long. */
function withDefaults(flags: RawOptions, requests: number): RawOptions {
  const { trace, generate, limit } = flags;
  if (trace !== undefined) return { ...flags, limit: limit ?? String(requests) };
  if (generate !== undefined) return flags;
  return { ...flags, generate: `zipf:exponent=1,objects=100000,requests=${requests}` };
}

/** A generated trace anew for each repetition; a file once. */
async function openTraces(
  options: SourceOptions,
): Promise<{ traces: Trace[]; source: SimulatedSource }> {
  const needs = { times: false, sizes: false, writes: true };
  const repetitions = options.trace === null ? REPETITIONS : 1;
  const opened: Awaited<ReturnType<typeof openSource>>[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1)
    opened.push(await openSource({ ...options, seed: options.seed + repetition }, needs));
  return {
    traces: opened.map(({ trace }) => onlyReads(trace)),
    source: opened[0]!.source,
  };
}

async function redisProgram(
  supervisor: Supervisor,
  onEvent: (line: string) => void,
): Promise<RedisProgram> {
  const env = { ...process.env, ...supervisor.mark };
  const found = await findRedis(ROOT, env, { install: true, onEvent });
  if ('bin' in found) return found;
  throw new LabError('E_OWN_REDIS', 'replays need a Redis of their own, whose memory they limit', {
    hint: `install redis-server or valkey-server; tried: ${found.tried.join('; ')}`,
    exitCode: EXIT.serviceMissing,
  });
}

/** How fast the servers’ clock can run, and why not faster. */
async function acceleration(supervisor: Supervisor): Promise<ValidationResult['clock']> {
  const env = { ...process.env, ...supervisor.mark };
  const shim = await clockShim(ROOT, env, ACCELERATION);
  return 'reason' in shim
    ? { factor: 1, reason: shim.reason }
    : { factor: ACCELERATION, reason: null };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function show(result: ValidationResult, { json, csv, out }: SimOutput): Promise<void> {
  if (csv !== null) {
    await writeFile(csv, validationCsv(result));
    process.stderr.write(`Rows: ${csv}\n`);
  }
  if (out !== null) {
    await writeValidation(result, resolve(out));
    process.stderr.write(`Report: ${relative(process.cwd(), resolve(out)) || '.'}/report.html\n`);
  }
  if (json) {
    say(JSON.stringify(result));
    return;
  }
  const { source, redis, rows, wallSeconds } = result;
  say(
    `Redis ${redis.version} (${redis.origin}); ${number(source.requests, 4)} requests for ${number(source.objects, 4)} objects a replay, ${rows.length} replays in ${number(wallSeconds.replaying)} s`,
  );
  const { columns, rows: lines } = validationTable(result);
  say(textTable(columns, lines));
  for (const note of validationNotes(result)) say(note);
  say(validationAnswer(result));
}

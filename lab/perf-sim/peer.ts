import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { EXIT, LabError } from '../errors.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ask, lastLines, run } from './job.ts';

/** The C reference, by its Python package: the one form of it that comes built. */
const PACKAGE = 'libcachesim==0.3.5';

/** Policies that both simulators have in the same variant, by our names: these have to give the same miss counts. */
export const PEER_POLICIES: ReadonlyMap<string, string> = new Map([
  ['fifo', 'FIFO'],
  ['lru', 'LRU'],
  ['lfu', 'LFU'],
  ['sieve', 'Sieve'],
  ['s3-fifo', 'S3FIFO'],
  ['belady', 'Belady'],
]);

/** One measurement of the peer. */
export interface PeerReading {
  /** From opening the trace to the last answer, without starting Python. */
  readonly seconds: number;
  /** One a capacity. */
  readonly misses: readonly number[];
  /** Pages of the trace, which it maps into memory, included. */
  readonly peakBytes: number;
}

const SCRIPT = fileURLToPath(new URL('./peer.py', import.meta.url));
const answerSchema = z.object({
  seconds: z.number(),
  missRatios: z.array(z.number()),
  peakBytes: z.number(),
});

/**
 * Installs the peer into an environment of its own below `.cachelab`, once. It is no package of ours: nothing else needs it.
 * @returns Path of the environment's Python.
 * @throws LabError `E_PEER_PYTHON` without a Python that can make environments, `E_PEER_INSTALL` when pip fails.
 */
export async function installPeer(
  root: string,
  supervisor: Supervisor,
  onEvent: (line: string) => void,
): Promise<string> {
  const folder = join(root, '.cachelab', 'peer-libcachesim');
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  const stamp = join(folder, '.cachelab-package');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === PACKAGE) return python;
  onEvent(`installing ${PACKAGE} with pip into ${folder}, once`);
  await mkdir(folder, { recursive: true });
  const base = process.env['CACHELAB_PYTHON'] ?? 'python3';
  const made = await run(supervisor, 'python -m venv', base, [
    '-m',
    'venv',
    '--clear',
    folder,
  ]).catch(() => ({ code: null, output: '', errors: `there is no ${base}` }));
  if (made.code !== 0) {
    // venv complains on standard output.
    const why = lastLines(`${made.output}${made.errors}`);
    throw new LabError('E_PEER_PYTHON', `${base} makes no environment for --peer: ${why}`, {
      hint: 'install Python 3.10 or newer with its venv module (python3-venv), or name one by CACHELAB_PYTHON; without --peer none is needed',
      exitCode: EXIT.serviceMissing,
    });
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE];
  const installed = await run(supervisor, 'pip install', python, pip);
  if (installed.code !== 0)
    throw new LabError(
      'E_PEER_INSTALL',
      `pip cannot install ${PACKAGE}: ${lastLines(installed.errors)}`,
      {
        hint: 'is the package index reachable? Without --peer nothing is installed',
        exitCode: EXIT.serviceMissing,
      },
    );
  writeFileSync(stamp, PACKAGE);
  return python;
}

/**
 * Replays a trace through the peer, with its defaults.
 * @param job.requests - Of the trace: the peer says ratios, and these are counts of them.
 * @throws LabError `E_PERF_SIM` when it fails, or answers with ratios of no whole count.
 */
export async function readPeer(
  supervisor: Supervisor,
  python: string,
  job: {
    path: string;
    policy: string;
    capacities: readonly number[];
    threads: number;
    requests: number;
  },
): Promise<PeerReading> {
  const { requests, ...rest } = job;
  const asked = JSON.stringify({ ...rest, policy: PEER_POLICIES.get(job.policy) });
  const answer = await ask(supervisor, 'libcachesim', python, [SCRIPT, asked]);
  const { seconds, missRatios, peakBytes } = answerSchema.parse(answer);
  const misses = missRatios.map((ratio) => wholeCount(ratio * requests, job.policy));
  return { seconds, misses, peakBytes };
}

function wholeCount(count: number, policy: string): number {
  const whole = Math.round(count);
  if (Math.abs(count - whole) < 0.01) return whole;
  throw new LabError(
    'E_PERF_SIM',
    `libcachesim's ${policy} gives ${count} misses: it did not read the whole trace, or counts otherwise`,
  );
}

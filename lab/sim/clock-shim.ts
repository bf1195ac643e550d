import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../provision/places.ts';
import { findOnPath, runProgram } from '../provision/programs.ts';

/**
 * What makes a server's clock run faster, as environment of its process. Built once with the system's C compiler and kept.
 * @param factor - Whole, from 1.
 * @returns The variables to add, or why time cannot be accelerated here.
 */
export async function clockShim(
  root: string,
  env: NodeJS.ProcessEnv,
  factor: number,
): Promise<{ env: NodeJS.ProcessEnv } | { reason: string }> {
  if (process.platform !== 'linux') return { reason: 'an accelerated clock needs Linux' };
  const source = fileURLToPath(new URL('./clock-shim.c', import.meta.url));
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(root, env), 'clock-shim');
  const library = join(folder, `${digest}.so`);
  if (!existsSync(library)) {
    const compiler = findOnPath(['cc', 'gcc', 'clang'], env);
    if (compiler === null)
      return { reason: 'an accelerated clock needs a C compiler: no cc on PATH' };
    mkdirSync(folder, { recursive: true });
    const unfinished = `${library}.${process.pid}`;
    const args = ['-O2', '-shared', '-fPIC', '-o', unfinished, source];
    const built = await runProgram(compiler, args, { env, timeoutMs: 30_000 });
    if (built.code !== 0) return { reason: `${compiler}: ${built.stderr.trim().split('\n')[0]}` };
    renameSync(unfinished, library);
  }
  return { env: { LD_PRELOAD: library, CACHELAB_CLOCK_FACTOR: String(factor) } };
}

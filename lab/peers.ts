import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LabError } from './errors.ts';
import type { Supervisor } from './provision/supervisor.ts';

/**
 * Installs the libraries of `peers/` into its own node_modules, once for each state of its lock file. They are no
 * packages of ours: only the experiment `peers` needs them.
 * @throws LabError `E_PEERS_INSTALL` when npm fails.
 */
export async function installPeers(
  root: string,
  supervisor: Supervisor,
  onEvent: (line: string) => void,
): Promise<void> {
  const folder = join(root, 'peers');
  const lock = readFileSync(join(folder, 'package-lock.json'));
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}`;
  const stampFile = join(folder, 'node_modules', '.cachelab-lock');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  onEvent('installing the libraries of peers/ with npm ci, once, about 10 s');
  // npm as we were started by it: npm.cmd cannot be spawned, and PATH may name another npm.
  const script = process.env['npm_execpath'] ?? '';
  const [command, first] = /npm-cli\.[cm]?js$/.test(script)
    ? [process.execPath, [script]]
    : ['npm', []];
  const npm = supervisor.spawn(
    'npm ci',
    command,
    [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  npm.child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-2000);
  });
  const { code } = await npm.exited;
  if (code !== 0) {
    const why = errors.trim().split('\n').slice(0, 3).join(' | ');
    throw new LabError('E_PEERS_INSTALL', `npm ci in peers/ failed (exit ${code}): ${why}`, {
      hint: 'is the package registry reachable? Try `npm ci` in the folder peers/; every other experiment runs without it',
      exitCode: EXIT.serviceMissing,
    });
  }
  writeFileSync(stampFile, stamp);
}

import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Supervisor } from './supervisor.ts';

/** Programs that the lab fetched or built: `CACHELAB_CACHE`, else `.cachelab/cache` of the checkout. */
export function cacheFolder(root: string, env: NodeJS.ProcessEnv): string {
  const chosen = env['CACHELAB_CACHE'];
  return chosen === undefined || chosen === ''
    ? join(root, '.cachelab', 'cache')
    : resolve(root, chosen);
}

/** Root's stand-in for programs that refuse to run as root; null when we are not root. */
export function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith('nobody:'))
    : undefined;
  const [, , uid, gid] = (line ?? 'nobody:x:65534:65534').split(':').map(Number);
  return { uid: uid ?? 65534, gid: gid ?? 65534 };
}

/** Whether any user may enter this folder: false for a checkout in root's home, which has mode 0700. */
export function reachableByAll(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * A new folder for one run that an unprivileged user can reach: beside the run's other files if possible,
 * else in a temporary folder. The supervisor removes it at the end.
 */
export function reachableRunFolder(supervisor: Supervisor): string {
  if (reachableByAll(supervisor.runFolder)) return supervisor.runFolder;
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find(
    (folder) => existsSync(folder) && reachableByAll(folder),
  );
  const folder = mkdtempSync(join(parent ?? tmpdir(), 'cachelab-'));
  chmodSync(folder, 0o755);
  supervisor.addFolder(folder);
  return folder;
}

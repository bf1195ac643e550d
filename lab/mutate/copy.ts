import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies the working tree (what git tracks or would track, with its uncommitted changes) to a new folder and commits it there to a
 * repository of its own; `node_modules` is a link. What runs there leaves the checkout alone: its runs, its state and its sources.
 */
export function copyCheckout(root: string, target: string): void {
  const listed = git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const file of new Set(listed.split('\0'))) {
    // Empty: behind the last separator. Missing: deleted, but not yet so for git.
    if (file === '' || lstatSync(join(root, file), { throwIfNoEntry: false }) === undefined) {
      continue;
    }
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  git(target, 'init', '--quiet');
  git(target, 'add', '--all');
  git(target, 'commit', '--quiet', '--no-verify', '--message', 'copy');
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  // `.gitignore` speaks of a folder, and this is a link.
  appendFileSync(join(target, '.git', 'info', 'exclude'), 'node_modules\n');
}

function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=cachelab', '-c', 'user.email=cachelab@localhost'];
  return execFileSync('git', ['-C', folder, ...identity, '-c', 'commit.gpgSign=false', ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
}

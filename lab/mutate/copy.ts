import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies the working tree (what git tracks or would track, with its uncommitted changes) to a new folder; `node_modules` is a link.
 * What runs there leaves the checkout alone: its runs, its state and its sources.
 */
export function copyCheckout(root: string, target: string): void {
  const listed = execFileSync(
    'git',
    ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  for (const file of new Set(listed.split('\0'))) {
    // Empty: behind the last separator. Missing: deleted, but not yet so for git.
    if (file === '' || lstatSync(join(root, file), { throwIfNoEntry: false }) === undefined) {
      continue;
    }
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
}

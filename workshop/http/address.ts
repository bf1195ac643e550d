import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labState } from '../../lab/provision/reap.mjs';
import { runFiles } from '../../lab/provision/supervisor.ts';

/** How the run files name a workshop. */
export const WORKSHOP_LABEL = 'workshop';

/** Where a running workshop listens. */
export interface WorkshopAddress {
  /** From this machine, without a slash at its end: `http://127.0.0.1:4000`. */
  url: string;
  /** Null: none is needed. Programs send it as `authorization: Bearer TOKEN`. */
  token: string | null;
}

/**
 * Notes the address in the run folder, for this user alone. That folder goes when the workshop ends, also by kill -9,
 * so an address never outlives its workshop.
 */
export function writeWorkshopAddress(runFolder: string, address: WorkshopAddress): void {
  writeFileSync(join(runFolder, 'workshop.json'), JSON.stringify(address), { mode: 0o600 });
}

/**
 * The workshop that runs in this checkout; of several the one that was started last. Requests of programs that change something
 * need the header `x-cachelab: 1`.
 * @param root - The checkout.
 * @returns Null when none runs, or when it has not got so far yet.
 */
export function readWorkshopAddress(root: string): WorkshopAddress | null {
  const addresses = runFiles(root)
    .filter(({ run }) => run.label === WORKSHOP_LABEL && labState(run) === 'alive')
    .sort((a, b) => b.run.startedAt.localeCompare(a.run.startedAt))
    .flatMap(({ run }) => readAddress(run.folders[0] ?? ''));
  return addresses[0] ?? null;
}

function readAddress(runFolder: string): WorkshopAddress[] {
  try {
    const { url, token } = JSON.parse(readFileSync(join(runFolder, 'workshop.json'), 'utf8'));
    return typeof url === 'string'
      ? [{ url, token: typeof token === 'string' ? token : null }]
      : [];
  } catch {
    return [];
  }
}

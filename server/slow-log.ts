import type { Logger } from 'pino';

/** Longest silence between two warnings, in ms: a server whose every page is slow must not be slowed by saying so. */
const EVERY_MS = 1000;

/**
 * Warns of requests above `slowMs`, at most once a second; the next warning says how many were left out.
 * @param now - Milliseconds, any origin.
 */
export function createSlowLog(
  log: Pick<Logger, 'warn'>,
  slowMs: number,
  now: () => number,
): (what: string, milliseconds: number) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (what, milliseconds) => {
    if (milliseconds <= slowMs) return;
    if (now() - lastMs < EVERY_MS) {
      suppressed += 1;
      return;
    }
    log.warn({ what, milliseconds: Math.round(milliseconds), slowMs, suppressed }, 'slow request');
    lastMs = now();
    suppressed = 0;
  };
}

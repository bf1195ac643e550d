import { EXIT, LabError } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A time as people write it: `500ms`, `30s`, `5m`, `1h`, `7d`; a bare number is seconds.
 * @returns Milliseconds, or `null` when it does not read.
 */
export function durationMs(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim().toLowerCase());
  return parts === null ? null : Number(parts[1]) * UNITS[parts[2] ?? 's']!;
}

/**
 * A list of times above 0, e.g. TTLs: `10s,1m,1h`.
 * @param flag - For the message, e.g. `--ttls`.
 * @throws LabError `E_BAD_OPTIONS` with every word that does not read.
 */
export function parseDurations(flag: string, text: string): number[] {
  const read = text.split(',').map((word) => ({ word, ms: durationMs(word) }));
  const bad = read.filter(({ ms }) => ms === null || ms === 0);
  if (bad.length > 0) {
    const words = bad.map(({ word }) => JSON.stringify(word)).join(', ');
    throw new LabError('E_BAD_OPTIONS', `${flag}: ${words} must be a time above 0`, {
      hint: `examples: ${flag} 30s or ${flag} 500ms,10s,5m,1h,7d; a bare number is seconds`,
      exitCode: EXIT.badArguments,
    });
  }
  return read.map(({ ms }) => ms!);
}

import { EXIT, LabError } from '../errors.ts';

/** How large a cache is: the user's words, and what they mean for one trace. */
export interface Capacity {
  /** As it was written: `1%`, `5000`, `64mb`. */
  label: string;
  unit: 'objects' | 'bytes';
  /** Objects or bytes; at least 1. */
  capacity: number;
}

/** Sizes that show a whole curve when the user names none. */
export const DEFAULT_SIZES = '0.1%,0.3%,1%,3%,10%,20%,40%,80%';

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
};

/**
 * Reads a list of cache sizes: a share of all objects (`1%`), a number of objects (`5000`) or bytes (`64mb`, `1.5gb`; 1 kb is 1,024
 * bytes, as in redis.conf).
 * @param of.totalBytes - Bytes of all objects together; `null` when the trace has no sizes.
 * @throws LabError `E_BAD_OPTIONS` with every size that does not read.
 */
export function parseCapacities(
  text: string,
  of: { objects: number; totalBytes: number | null },
): Capacity[] {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const read = words.map((word) => parseOne(word, of));
  const bad = read.filter((one): one is string => typeof one === 'string');
  const capacities = read.filter((one): one is Capacity => typeof one !== 'string');
  if (bad.length === 0 && new Set(capacities.map(({ unit }) => unit)).size > 1) {
    bad.push(`--sizes ${text} mixes objects and bytes: one chart has one axis`);
  }
  if (bad.length > 0) {
    throw new LabError('E_BAD_OPTIONS', bad.join('\n'), {
      hint: 'examples: --sizes 1%,10% or --sizes 1000,20000 or --sizes 64mb,1gb (bytes need a trace with sizes)',
      exitCode: EXIT.badArguments,
    });
  }
  return capacities;
}

/** @returns A sentence where the word does not read. */
function parseOne(
  word: string,
  { objects, totalBytes }: { objects: number; totalBytes: number | null },
): Capacity | string {
  const parts = /^(\d+(?:\.\d+)?)(%|b|kb|mb|gb|tb)?$/.exec(word);
  if (parts === null) return `--sizes: ${JSON.stringify(word)} is no size`;
  const value = Number(parts[1]);
  const unit = parts[2];
  if (value <= 0) return `--sizes: ${word} must be above 0`;
  if (unit === '%') {
    return value > 100
      ? `--sizes: ${word} must be at most 100%`
      : {
          label: word,
          unit: 'objects',
          capacity: Math.max(1, Math.round((objects * value) / 100)),
        };
  }
  if (unit === undefined) {
    return Number.isInteger(value)
      ? { label: word, unit: 'objects', capacity: value }
      : `--sizes: ${word} objects must be a whole number; bytes have a unit, as 64mb`;
  }
  return totalBytes === null
    ? `--sizes: ${word} is in bytes, and the trace has no sizes`
    : { label: word, unit: 'bytes', capacity: Math.max(1, Math.round(value * UNITS[unit]!)) };
}

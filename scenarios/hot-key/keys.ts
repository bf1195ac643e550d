/** Share of the reads that ask for one key. */
export const HOT_SHARE = 0.9;
export const HOT_KEY = 'hot';
/** Copies of the hot key of which a reader takes any. */
export const COPIES = 10;
export const COLD_KEYS = 1000;
export const READS_PER_SECOND = 2000;
/** From one change of the hot value to the next. */
export const WRITE_EVERY_MS = 300;
/** Of the local cache. The story's holds 100 entries. */
export const LOCAL_TTL_MS = 1000;
export const LOCAL_ENTRIES = 100;
const VALUE_BYTES = 500;

export const copyKey = (index: number): string => `${HOT_KEY}:${index}`;
export const coldKey = (index: number): string => `cold:${index}`;

/** A value that begins with its version. */
export function valueOf(version: number): string {
  return `${version} ${'x'.repeat(VALUE_BYTES)}`;
}

/** @returns NaN for what `valueOf` did not make. */
export function versionOf(value: Buffer | null): number {
  return value === null ? Number.NaN : Number.parseInt(value.toString('latin1', 0, 12), 10);
}

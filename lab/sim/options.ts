import { z } from 'zod';
import { EXIT, LabError } from '../errors.ts';
import type { RawOptions } from '../options.ts';

/** Where requests come from, and how much of them is taken; the same for all commands that simulate. */
export interface SourceOptions {
  /** A trace file; one of `trace` and `generate` is given. */
  trace: string | null;
  /** A description, e.g. `zipf:exponent=1,objects=100000`. */
  generate: string | null;
  /** Format of the file; `null`: told by its name and its first bytes. */
  format: string | null;
  /** Which column of a CSV file holds what, e.g. `time=1,key=2`. */
  columns: string | null;
  /** Share of the keys that is kept, above 0 to 1. */
  sample: number;
  /** Requests that are read at most; `null`: all. */
  limit: number | null;
  /** Lines that may be malformed; `null`: one in a thousand, at least 100. */
  maxBad: number | null;
  /** Length of the keys: each object then takes what Redis needs for key and value. `null`: bytes are those of the values. */
  keyBytes: number | null;
  seed: number;
}

const number = (name: string, min: number, max: number, whole = false): z.ZodType<number> => {
  const error = `${name} must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`;
  return z.coerce
    .number({ error })
    .refine((value) => value >= min && value <= max && (!whole || Number.isInteger(value)), {
      error,
    });
};

const text = z.string().nullable().default(null);

const source = {
  trace: text,
  generate: text,
  format: text,
  columns: text,
  sample: number('--sample', 0.0001, 1).default(1),
  limit: number('--limit', 1, 2 ** 31 - 1, true)
    .nullable()
    .default(null),
  maxBad: number('--max-bad', 0, 2 ** 31 - 1, true)
    .nullable()
    .default(null),
  keyBytes: number('--key-bytes', 1, 2 ** 20, true)
    .nullable()
    .default(null),
  seed: number('--seed', 0, 2 ** 31 - 1, true).default(1),
};

/** Options of `sim sweep` and `sim run`. */
export interface SweepOptions extends SourceOptions {
  policies: string[];
  sizes: string | null;
  ttls: string | null;
  freshness: string[];
  loadMs: number;
  updateRate: number;
  /** Share of the requests that only fill the cache. */
  warm: number;
  threads: number | null;
}

const names = (fallback: string): z.ZodType<string[]> =>
  z
    .string()
    .default(fallback)
    .transform((list) => list.split(',').map((name) => name.trim()));

const sweepSchema = z.strictObject({
  ...source,
  policies: names('lru,sieve,s3-fifo,w-tinylfu,redis-allkeys-lru,redis-allkeys-lfu,belady'),
  sizes: text,
  ttls: text,
  freshness: names('cached'),
  loadMs: number('--load-ms', 0, 3_600_000).default(0),
  updateRate: number('--update-rate', 0, 1000).default(0),
  warm: number('--warm', 0, 0.99).default(0),
  threads: number('--threads', 1, 256, true).nullable().default(null),
});

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseSweepOptions(flags: RawOptions): SweepOptions {
  return parsed(sweepSchema, flags);
}

/** Options of `sim mrc`. */
export interface CurveOptions extends SourceOptions {
  policy: string;
  /** Points of the curve, evenly spaced by the logarithm of the size. */
  points: number;
  /** Share of the objects that is simulated; 1: all. */
  rate: number;
  warm: number;
}

const curveSchema = z.strictObject({
  ...source,
  policy: z.string().default('lru'),
  points: number('--points', 2, 1000, true).default(20),
  rate: number('--rate', 0.0001, 1).default(1),
  warm: number('--warm', 0, 0.99).default(0),
});

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseCurveOptions(flags: RawOptions): CurveOptions {
  return parsed(curveSchema, flags);
}

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseSourceOptions(flags: RawOptions): SourceOptions {
  return parsed(z.strictObject(source), flags);
}

function parsed<T extends SourceOptions>(schema: z.ZodType<T>, flags: RawOptions): T {
  const result = schema.safeParse(flags);
  const problems = result.success ? onlyOneSource(result.data) : issuesOf(result.error, flags);
  if (result.success && problems.length === 0) return result.data;
  throw badOptions(problems);
}

/** Each problem with the value that has it. */
function issuesOf(error: z.ZodError, flags: RawOptions): string[] {
  return error.issues.map(({ message, path }) => {
    const value = flags[String(path[0])];
    return value === undefined ? message : `${message}, not ${JSON.stringify(value)}`;
  });
}

function badOptions(problems: readonly string[]): LabError {
  return new LabError('E_BAD_OPTIONS', problems.join('\n'), {
    hint: '--help after the command shows every option with its range and examples',
    exitCode: EXIT.badArguments,
  });
}

function onlyOneSource({ trace, generate }: SourceOptions): string[] {
  if (trace !== null && generate !== null) return ['--trace and --generate: give one of them'];
  return trace === null && generate === null
    ? ['where do the requests come from? --trace FILE, or --generate zipf:objects=100000']
    : [];
}

/** Options of `sim run`. */
export interface SimRunOptions extends SourceOptions {
  policy: string;
  size: string | null;
  ttl: string | null;
  freshness: string;
  /** Takes the place of the preset's own. */
  jitter: number | null;
  loadMs: number;
  updateRate: number;
  warm: number;
}

const runSchema = z.strictObject({
  ...source,
  policy: z.string().default('lru'),
  size: text,
  ttl: text,
  freshness: z.string().default('cached'),
  jitter: number('--jitter', 0, 0.9).nullable().default(null),
  loadMs: number('--load-ms', 0, 3_600_000).default(0),
  updateRate: number('--update-rate', 0, 1000).default(0),
  warm: number('--warm', 0, 0.99).default(0),
});

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseRunOptions(flags: RawOptions): SimRunOptions {
  return parsed(runSchema, flags);
}

/** Options of `trace capture`. */
export interface CaptureFlags {
  redis: string;
  seconds: number;
  maxBytes: number;
  hashKeys: boolean;
  out: string;
}

const captureSchema = z.strictObject({
  redis: z.string({ error: '--redis must be a URL, e.g. redis://127.0.0.1:6379' }),
  seconds: number('--seconds', 0.1, 3600).default(60),
  maxBytes: number('--max-bytes', 1000, 2 ** 36, true).default(2 ** 28),
  hashKeys: z.boolean().default(false),
  out: z.string().default('trace.csv'),
});

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseCaptureOptions(flags: RawOptions): CaptureFlags {
  const result = captureSchema.safeParse(flags);
  if (result.success) return result.data;
  throw badOptions(issuesOf(result.error, flags));
}

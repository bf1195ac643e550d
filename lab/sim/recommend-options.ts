import { z } from 'zod';
import { LEAST_MEMORY_BYTES } from '../../sim/recommend/question.ts';
import { EXIT, LabError } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { parseCapacities } from './capacities.ts';
import { durationMs } from './durations.ts';
import { parseSourceOptions, type SourceOptions } from './options.ts';

/** Options of `sim recommend`. */
export interface RecommendOptions extends SourceOptions {
  maxStaleMs: number;
  memoryBytes: number;
  /** SELECTs that the database bears in a second; `null`: any number. */
  dbRps: number | null;
  selectsPerLoad: number;
  loadMs: number;
  /** Whether the team can invalidate. */
  invalidation: boolean;
  /** Server processes that load. */
  processes: number;
  /** Of a value where the trace has no sizes. */
  valueBytes: number;
  keyBytes: number;
  updateRate: number;
  warm: number;
  threads: number | null;
}

const number = (
  name: string,
  range: { from: number; to: number; whole?: boolean },
): z.ZodType<number> => {
  const { from, to, whole = false } = range;
  const error = `${name} must be ${whole ? 'a whole number' : 'a number'} from ${from} to ${to}`;
  return z.coerce
    .number({ error })
    .refine((value) => value >= from && value <= to && (!whole || Number.isInteger(value)), {
      error,
    });
};

const yesOrNo = z
  .enum(['yes', 'no'], { error: '--invalidation must be yes or no' })
  .transform((word) => word === 'yes');

const YEAR_MS = 365 * 86_400_000;

const schema = z.object({
  maxStale: z
    .string({ error: '--max-stale is missing: how old may a page be, e.g. 30s?' })
    .refine((text) => (durationMs(text) ?? Infinity) <= YEAR_MS, {
      error: '--max-stale must be a time up to 365d, e.g. 500ms, 30s, 5m or 1h',
    })
    .transform((text) => durationMs(text) ?? 0),
  memory: z
    .string({ error: '--memory is missing: how much may Redis take, e.g. 512mb?' })
    .refine((text) => (bytesOf(text) ?? 0) >= LEAST_MEMORY_BYTES, {
      error: `--memory must be bytes from ${LEAST_MEMORY_BYTES / 2 ** 20}mb (an empty Redis and its connections take two), e.g. 64mb or 1.5gb`,
    })
    .transform((text) => bytesOf(text) ?? 0),
  dbRps: number('--db-rps', { from: 0.001, to: 1e9 }).nullable().default(null),
  selectsPerLoad: number('--selects-per-load', { from: 1, to: 1e6, whole: true }).default(114),
  loadMs: number('--load-ms', { from: 0, to: 600_000 }).default(870),
  invalidation: yesOrNo.default(false),
  processes: number('--processes', { from: 1, to: 1000, whole: true }).default(1),
  valueBytes: number('--value-bytes', { from: 1, to: 2 ** 29, whole: true }).default(500),
  keyBytes: number('--key-bytes', { from: 1, to: 2 ** 20, whole: true }).default(32),
  updateRate: number('--update-rate', { from: 0, to: 1000 }).default(0),
  warm: number('--warm', { from: 0, to: 0.9 }).default(0.2),
  threads: number('--threads', { from: 1, to: 256, whole: true }).nullable().default(null),
});

/** @throws LabError `E_BAD_OPTIONS` with every problem at once. */
export function parseRecommendOptions(flags: RawOptions): RecommendOptions {
  const own = new Set(Object.keys(schema.shape));
  const pick = (wanted: (name: string) => boolean): RawOptions =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => wanted(name)));
  const result = schema.safeParse(pick((name) => own.has(name)));
  const problems = result.success
    ? []
    : result.error.issues.map(({ message, path }) => {
        const value = flags[String(path[0])];
        return value === undefined ? message : `${message}, not ${JSON.stringify(value)}`;
      });
  try {
    const source = parseSourceOptions(pick((name) => !own.has(name)));
    if (result.success) {
      const { maxStale, memory, ...rest } = result.data;
      return { ...source, ...rest, maxStaleMs: maxStale, memoryBytes: memory };
    }
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    problems.push(error.message);
  }
  throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
    hint: 'e.g. sim recommend --trace access.log --max-stale 30s --memory 512mb --db-rps 200; --help shows every option',
    exitCode: EXIT.badArguments,
  });
}

/** `64mb` as bytes; `null` for what does not read, a share or a number of objects. */
function bytesOf(text: string): number | null {
  try {
    const [size, ...more] = parseCapacities(text, { objects: 1, totalBytes: 1 });
    return size?.unit === 'bytes' && more.length === 0 ? size.capacity : null;
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

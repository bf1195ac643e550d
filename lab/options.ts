import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { EXIT, LabError } from './errors.ts';
import type { RunOptions } from './plan.ts';

/** Flags as commander hands them over: strings, by their long name. */
export type RawOptions = Record<string, string | string[] | boolean | undefined>;

const number = (name: string, min: number, max: number, whole = false): z.ZodType<number> =>
  z.coerce
    .number({ error: `${name} must be a number from ${min} to ${max}` })
    .refine((value) => value >= min && value <= max && (!whole || Number.isInteger(value)), {
      error: `${name} must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
    });

const latency = z
  .string()
  .regex(/^\d+(\.\d+)?(-\d+(\.\d+)?)?$/, {
    error: '--db-latency must be milliseconds from 0 to 1000, as 10 or 5-10',
  })
  .refine(
    (text) => {
      const [low, high = low] = text.split('-').map(Number);
      return low! <= high! && high! <= 1000;
    },
    { error: '--db-latency must be milliseconds from 0 to 1000, the lower first, as 10 or 5-10' },
  );

const schema = z.strictObject({
  experiments: z.array(z.string()).default([]),
  profile: z
    .enum(['headline', 'quick', 'standard', 'full'], {
      error: '--profile must be headline, quick, standard or full',
    })
    .default('headline'),
  arms: z
    .union([
      z.array(z.string()),
      z.string().transform((text) => text.split(',').map((arm) => arm.trim())),
    ])
    .nullable()
    .default(null),
  rate: number('--rate', 0.1, 20_000).nullable().default(null),
  ttl: number('--ttl', 1, 604_800).nullable().default(null),
  stores: number('--stores', 0, 100_000, true).default(1000),
  updateRate: number('--update-rate', 0.01, 100).nullable().default(null),
  serverProcesses: number('--server-processes', 1, 16, true).nullable().default(null),
  seed: number('--seed', 0, 2 ** 31 - 1, true).default(1),
  dbLatency: latency.default('5-10'),
  design: z
    .strictObject({
      rounds: number('design.rounds', 1, 1000, true),
      warmSeconds: number('design.warmSeconds', 0, 600),
      measureSeconds: number('design.measureSeconds', 1, 3600),
    })
    .optional(),
});

/**
 * The options of a run: the config file's, overridden by flags.
 * @throws LabError `E_BAD_OPTIONS` with every problem at once, each with its value and the allowed range.
 */
export function parseRunOptions(experiments: string[], flags: RawOptions): RunOptions {
  const { config, ...given } = flags;
  const fromFile = typeof config === 'string' ? readConfig(config) : {};
  const input: Record<string, unknown> = { ...fromFile, ...given };
  if (experiments.length > 0) input['experiments'] = experiments;
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => describe(issue, input));
    throw new LabError('E_BAD_OPTIONS', lines.join('\n'), {
      hint: 'npm run bench -- --help shows every option with its range',
      exitCode: EXIT.badArguments,
    });
  }
  const { rate, ttl, updateRate, design, ...rest } = parsed.data;
  return {
    ...rest,
    ratePerSecond: rate,
    ttlSeconds: ttl,
    updatesPerSecond: updateRate,
    ...(design === undefined ? {} : { design }),
  };
}

function describe(issue: z.core.$ZodIssue, input: Record<string, unknown>): string {
  const [name] = issue.path;
  if (issue.code === 'unrecognized_keys') {
    return `unknown option in the config file: ${issue.keys.join(', ')} (known: ${Object.keys(schema.shape).join(', ')})`;
  }
  const value = name === undefined ? undefined : input[String(name)];
  return `${issue.message}, not ${JSON.stringify(value)}`;
}

function readConfig(path: string): Record<string, unknown> {
  if (!existsSync(path)) {
    throw new LabError('E_BAD_OPTIONS', `--config ${path}: there is no such file`, {
      hint: 'give the path of a JSON file, e.g. {"profile": "quick", "rate": 30}',
      exitCode: EXIT.badArguments,
    });
  }
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch (cause) {
    throw new LabError('E_BAD_OPTIONS', `--config ${path}: not JSON (${String(cause)})`, {
      hint: 'it must hold one JSON object, e.g. {"profile": "quick", "rate": 30}',
      exitCode: EXIT.badArguments,
    });
  }
  throw new LabError('E_BAD_OPTIONS', `--config ${path}: not a JSON object`, {
    hint: 'e.g. {"profile": "quick", "rate": 30}',
    exitCode: EXIT.badArguments,
  });
}

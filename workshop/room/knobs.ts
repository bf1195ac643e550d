import { PRESETS } from '../../server/cache/presets.ts';
import { KNOB_CHOICES, KNOB_RANGES, FIRST_KNOBS, type Knobs } from '../contract.ts';
import { RefusalError } from './refusal.ts';

const NAMES = Object.keys(FIRST_KNOBS) as (keyof Knobs)[];

/** Knobs that may be null, and what null means. */
const NULL_MEANS: Partial<Record<keyof Knobs, string>> = {
  ttlSeconds: 'the preset’s own',
  jitter: 'the preset’s own',
  coalesce: 'the preset’s own',
  gate: 'the preset’s own',
  invalidate: 'the preset’s own',
  maxmemoryMb: 'no limit',
};

/** k6 counts arrivals in tenths a second. */
const LEAST_READS = 0.1;

/** Knobs that change the policy of the servers. */
export const POLICY_KNOBS: readonly (keyof Knobs)[] = [
  'preset',
  'ttlSeconds',
  'jitter',
  'coalesce',
  'gate',
  'invalidate',
];

/** Settings that shape what lies in Redis: copies made under others are thrown away, or a knob would show nothing for an hour. */
const SHAPING = [
  ...['store', 'ttlMs', 'jitter', 'body', 'fence'],
  ...['staleWhileRevalidateMs', 'staleIfErrorMs', 'negativeTtlMs'],
];

/**
 * The knobs after a change.
 * @param patch - What somebody sent.
 * @throws RefusalError with a sentence for each wrong value: the value, what is allowed, what to do.
 */
export function turned(current: Knobs, patch: unknown): Knobs {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new RefusalError(
      `The body is ${shown(patch)}; it has to be an object with knobs, e.g. {"preset":"cached"}: send one.`,
    );
  }
  const problems = Object.entries(patch).flatMap(([name, value]) => {
    const problem = isKnob(name) ? problemOf(name, value) : unknownKnob(name);
    return problem === null ? [] : [{ name, problem }];
  });
  const [first] = problems;
  if (first !== undefined) {
    const about = isKnob(first.name) ? first.name : null;
    throw new RefusalError(problems.map(({ problem }) => problem).join(' '), about);
  }
  return { ...current, ...patch };
}

function isKnob(name: string): name is keyof Knobs {
  return Object.hasOwn(FIRST_KNOBS, name);
}

function unknownKnob(name: string): string {
  return `There is no knob ${shown(name)}: turn one of ${NAMES.join(', ')}.`;
}

function problemOf(name: keyof Knobs, value: unknown): string | null {
  const orNull = NULL_MEANS[name];
  if (value === null && orNull !== undefined) return null;
  const otherwise = orNull === undefined ? '' : `, or null for ${orNull}`;
  if (Object.hasOwn(KNOB_RANGES, name)) {
    const [low, high] = KNOB_RANGES[name as keyof typeof KNOB_RANGES];
    const fits = typeof value === 'number' && value >= low && value <= high;
    const tooFew = name === 'readsPerSecond' && fits && value > 0 && value < LEAST_READS;
    if (fits && !tooFew) return null;
    const allowed = tooFew
      ? `0 or ${LEAST_READS} to ${high}`
      : `a number from ${low} to ${high}${otherwise}`;
    return `${name} is ${shown(value)}; allowed is ${allowed}: set one of these.`;
  }
  const choices: readonly string[] =
    name === 'preset'
      ? PRESETS.map((preset) => preset.name)
      : KNOB_CHOICES[name as keyof typeof KNOB_CHOICES];
  if (typeof value === 'string' && choices.includes(value)) return null;
  return `${name} is ${shown(value)}; allowed is one of ${choices.join(', ')}${otherwise}: choose one of these.`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

/** What the servers are asked for, `PUT /lab/policy`. A knob that needs more settings brings them along. */
export function policyRequest(knobs: Knobs): {
  preset: string;
  overrides: Record<string, unknown>;
} {
  const { preset, ttlSeconds, jitter, coalesce, gate, invalidate } = knobs;
  const own: Record<string, unknown> = PRESETS.find(({ name }) => name === preset)?.settings ?? {};
  const overrides: Record<string, unknown> = {
    ...(ttlSeconds === null ? {} : { ttlMs: Math.round(ttlSeconds * 1000) }),
    ...(jitter === null ? {} : { jitter }),
    ...(coalesce === null ? {} : { coalesce }),
  };
  if (gate !== null) {
    overrides['gate'] = gate;
    if (gate === 'none') {
      for (const name of ['lockTtlMs', 'lockWaitMs']) if (name in own) overrides[name] = null;
    } else {
      if (!('lockTtlMs' in own)) overrides['lockTtlMs'] = 10_000;
      if (!('lockWaitMs' in own) && gate !== 'lock-naive') overrides['lockWaitMs'] = 5000;
    }
    // What a reader does who has waited in vain is a question of the gates that let him wait.
    if ((gate === 'none' || gate === 'lock-naive') && 'onLockTimeout' in own)
      overrides['onLockTimeout'] = 'load';
  }
  if (invalidate !== null) {
    overrides['invalidate'] = invalidate;
    if (invalidate === 'double-delete') overrides['doubleDeleteMs'] = own['doubleDeleteMs'] ?? 500;
    else if ('doubleDeleteMs' in own) overrides['doubleDeleteMs'] = null;
  }
  return { preset, overrides };
}

/** The knob that a refused policy is most likely about: of those that were turned the first that is not left to the preset. */
export function refusedPolicy(
  reasons: readonly string[],
  before: Knobs,
  after: Knobs,
): RefusalError {
  const set = POLICY_KNOBS.filter((name) => name !== 'preset' && after[name] !== null);
  const about = set.find((name) => after[name] !== before[name]) ?? set[0] ?? 'preset';
  const values = set.map((name) => `${name} ${String(after[name])}`).join(', ');
  const next =
    set.length === 0
      ? 'choose another preset'
      : `set ${set.join(', ')} back to the preset’s own (null), or choose another preset`;
  return new RefusalError(
    `Preset ${after.preset} does not go with ${values === '' ? 'that' : values}: ${reasons.join('; ')}. Nothing was changed: ${next}.`,
    about,
  );
}

/** Whether copies made under one policy tell nothing of the other. */
export function shapesDiffer(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): boolean {
  return SHAPING.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** The longest that a copy made under these settings may lie in Redis, in ms; 0: none is made. */
export function longestLifeMs(settings: Record<string, unknown>): number {
  const number = (name: string): number => Number(settings[name] ?? 0);
  const windowMs = Math.max(number('staleWhileRevalidateMs'), number('staleIfErrorMs'));
  const pageMs = number('ttlMs') * (1 + number('jitter')) + windowMs;
  return Math.max(pageMs, number('negativeTtlMs'));
}

/** Who deletes copies, where it is a process of its own. */
export function listenerForm(settings: Record<string, unknown>): 'event-driven' | 'outbox' | null {
  const form = settings['invalidate'];
  return form === 'event-driven' || form === 'outbox' ? form : null;
}

/** The knob is the middle of a uniform draw, a third to each side: 7.5 ms are the 5 to 10 ms of the story. */
export function latencyRange(dbLatencyMs: number): { minMs: number; maxMs: number } {
  return { minMs: (dbLatencyMs * 2) / 3, maxMs: (dbLatencyMs * 4) / 3 };
}

/** `preset=lease, ttlSeconds=10`: what differs. */
export function changes(before: Knobs, after: Knobs): { names: (keyof Knobs)[]; detail: string } {
  const names = NAMES.filter((name) => before[name] !== after[name]);
  const shownAs = (name: keyof Knobs): string =>
    String(after[name] ?? (name === 'maxmemoryMb' ? 'none' : 'own'));
  const detail = names.map((name) => `${name}=${shownAs(name)}`).join(', ');
  return { names, detail };
}

import { KNOB_CHOICES, KNOB_RANGES, type Knobs } from '../contract.ts';
import type { WordKey } from './words.ts';

interface Common {
  name: keyof Knobs;
  word: WordKey;
  /** What an empty field means, where null is a value. */
  none: WordKey | null;
  group: 'policy' | 'redis' | 'load' | 'database';
}

export interface ChoiceKnob extends Common {
  kind: 'choice';
  choices: readonly string[];
}

export interface NumberKnob extends Common {
  kind: 'number';
  low: number;
  high: number;
  step: number;
  unit: WordKey;
  /** Equal ways of the slider are equal factors. */
  log: boolean;
  /** The field shows the value times this: shares as per cent. */
  shownTimes: number;
}

export type KnobDesign = ChoiceKnob | NumberKnob;

/** The server's presets in its order; the first words of a lesson come first. */
export const PRESET_NAMES = [
  'uncached',
  'joined',
  'cached',
  'short-ttl',
  'invalidated',
  'double-delete',
  'event-driven',
  'lock-naive',
  'lock',
  'single-flight',
  'lock+single-flight',
  'lease',
  'fence',
  'version-key',
  'outbox',
  'swr',
  'refresh-ahead',
  'xfetch',
  'jitter',
  'negative',
  'bloom',
  'l1',
  'hardened',
  'static',
] as const;

function choice(
  name: 'coalesce' | 'gate' | 'invalidate' | 'maxmemoryPolicy',
  text: WordKey,
  group: Common['group'],
): ChoiceKnob {
  const none = name === 'maxmemoryPolicy' ? null : 'presetsOwn';
  return { kind: 'choice', name, word: text, none, group, choices: KNOB_CHOICES[name] };
}

function number(
  name: keyof typeof KNOB_RANGES,
  rest: Omit<NumberKnob, 'kind' | 'name' | 'low' | 'high' | 'log' | 'shownTimes' | 'none'> &
    Partial<NumberKnob>,
): NumberKnob {
  const [low, high] = KNOB_RANGES[name];
  return { kind: 'number', name, low, high, log: false, shownTimes: 1, none: null, ...rest };
}

/** All knobs in the order of the page. */
export const KNOB_DESIGNS: readonly KnobDesign[] = [
  {
    kind: 'choice',
    name: 'preset',
    word: 'knobPreset',
    none: null,
    group: 'policy',
    choices: PRESET_NAMES,
  },
  number('ttlSeconds', {
    word: 'knobTtl',
    group: 'policy',
    unit: 'unitSeconds',
    step: 1,
    log: true,
    none: 'presetsOwn',
  }),
  number('jitter', {
    word: 'knobJitter',
    group: 'policy',
    unit: 'unitPercent',
    step: 0.01,
    shownTimes: 100,
    none: 'presetsOwn',
  }),
  choice('coalesce', 'knobCoalesce', 'policy'),
  choice('gate', 'knobGate', 'policy'),
  choice('invalidate', 'knobInvalidate', 'policy'),
  number('maxmemoryMb', {
    word: 'knobMaxmemory',
    group: 'redis',
    unit: 'unitMb',
    step: 1,
    log: true,
    none: 'noLimit',
  }),
  choice('maxmemoryPolicy', 'knobMaxmemoryPolicy', 'redis'),
  number('readsPerSecond', { word: 'knobReads', group: 'load', unit: 'unitPerSecond', step: 1 }),
  number('writesPerMinute', { word: 'knobWrites', group: 'load', unit: 'unitPerMinute', step: 1 }),
  number('otherStoresShare', {
    word: 'knobOthers',
    group: 'load',
    unit: 'unitPercent',
    step: 0.01,
    shownTimes: 100,
  }),
  number('dbLatencyMs', { word: 'knobLatency', group: 'database', unit: 'unitMs', step: 0.5 }),
];

/** Position of a slider with 1,000 steps. */
export function sliderOf(knob: Pick<NumberKnob, 'low' | 'high' | 'log'>, value: number): number {
  const { low, high, log } = knob;
  const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(1000 * share);
}

/** Value at a slider's position, on the knob's step; a logarithmic slider gives two digits, for nobody means 1,037 s. */
export function valueAt(
  knob: Pick<NumberKnob, 'low' | 'high' | 'log' | 'step'>,
  position: number,
): number {
  const { low, high, log, step } = knob;
  const share = position / 1000;
  const exact = log ? low * (high / low) ** share : low + (high - low) * share;
  const rounded = log && position < 1000 ? Number(exact.toPrecision(2)) : exact;
  const stepped = Math.round(rounded / step) * step;
  return Number(Math.min(high, Math.max(low, stepped)).toFixed(4));
}

/**
 * What the room sends to the services for this knob. A gate brings its times along, and latency is drawn evenly around the
 * knob's value; the evidence shows each request as it was really sent.
 * @param knobs - With the knob turned.
 */
export function requestOf(name: keyof Knobs, knobs: Knobs): string {
  const { group } = KNOB_DESIGNS.find((design) => design.name === name) ?? { group: 'policy' };
  return REQUESTS[group](knobs, name);
}

const REQUESTS: Readonly<Record<KnobDesign['group'], (knobs: Knobs, name: keyof Knobs) => string>> =
  {
    policy: (knobs) => `PUT /lab/policy ${JSON.stringify(policyOf(knobs))}`,
    redis: ({ maxmemoryMb, maxmemoryPolicy }, name) =>
      name === 'maxmemoryPolicy'
        ? `CONFIG SET maxmemory-policy ${maxmemoryPolicy}`
        : `CONFIG SET maxmemory ${(maxmemoryMb ?? 0) * 1024 * 1024}`,
    load: ({ readsPerSecond, writesPerMinute, otherStoresShare }) =>
      `k6 run scenarios/lib/mixed-views.ts: ${readsPerSecond} GET/s, ${writesPerMinute} POST/min, ${Math.round(100 * otherStoresShare)} % Zipf`,
    database: ({ dbLatencyMs }) => {
      const bound = (share: number): number => Number((dbLatencyMs * share).toFixed(2));
      return `PUT /lab/db-latency ${JSON.stringify({ minMs: bound(2 / 3), maxMs: bound(4 / 3) })}`;
    },
  };

function policyOf({ preset, ttlSeconds, jitter, coalesce, gate, invalidate }: Knobs): unknown {
  const overrides = Object.fromEntries(
    Object.entries({
      ttlMs: ttlSeconds === null ? null : ttlSeconds * 1000,
      jitter,
      coalesce,
      gate,
      invalidate,
    }).filter(([, value]) => value !== null),
  );
  return { preset, overrides };
}

import { FIRST_KNOBS, KNOB_CHOICES, KNOB_RANGES, type Knobs } from '../contract.ts';

/** Knobs that may be null: the preset's own value, or no limit. */
const NULLABLE: ReadonlySet<string> = new Set([
  'ttlSeconds',
  'jitter',
  'coalesce',
  'gate',
  'invalidate',
  'maxmemoryMb',
]);

const NAMES = Object.keys(FIRST_KNOBS) as (keyof Knobs)[];

/** The knobs as the part of a link behind `#`, without it: what differs from the room as it opens. */
export function hashOf(knobs: Knobs): string {
  const parts = new URLSearchParams();
  for (const name of NAMES)
    if (knobs[name] !== FIRST_KNOBS[name]) parts.set(name, String(knobs[name]));
  return parts.toString();
}

/**
 * The knobs that a link asks for. What the link does not name is as the room opens; names and values that
 * no room knows are left out, for a link may come from anywhere.
 * @param hash - With or without its `#`.
 * @returns Null where the link names no knob.
 */
export function knobsOf(hash: string): Knobs | null {
  // A plus is a plus: in a link that was typed by hand `lock+single-flight` has no space.
  const given = new URLSearchParams(hash.replace(/^[#?]/, '').replaceAll('+', '%2B'));
  const read: Partial<Record<keyof Knobs, string | number | null>> = {};
  for (const name of NAMES) {
    const text = given.get(name);
    const value = text === null ? undefined : valueOf(name, text);
    if (value !== undefined) read[name] = value;
  }
  if (Object.keys(read).length === 0) return null;
  return { ...FIRST_KNOBS, ...(read as Partial<Knobs>) };
}

/** The knobs of `wanted` that differ from `present`. */
export function differences(wanted: Knobs, present: Knobs): Partial<Knobs> {
  return Object.fromEntries(
    NAMES.filter((name) => wanted[name] !== present[name]).map((name) => [name, wanted[name]]),
  ) as Partial<Knobs>;
}

function valueOf(name: keyof Knobs, text: string): string | number | null | undefined {
  if (text === 'null' && NULLABLE.has(name)) return null;
  if (name === 'preset') return /^[a-z0-9+-]{1,40}$/.test(text) ? text : undefined;
  if (Object.hasOwn(KNOB_CHOICES, name)) {
    const choices: readonly string[] = KNOB_CHOICES[name as keyof typeof KNOB_CHOICES];
    return choices.includes(text) ? text : undefined;
  }
  const [low, high] = KNOB_RANGES[name as keyof typeof KNOB_RANGES];
  const value = Number(text);
  return text.trim() !== '' && value >= low && value <= high ? value : undefined;
}

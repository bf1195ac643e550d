import type { Arm } from '../../lab/experiment.ts';

/**
 * A request for a store that does not exist costs BEGIN, one SELECT and COMMIT: three round trips of 7.5 ms. Five
 * connections answer 220 of them per second; the flood asks for more, and the good stores need connections too.
 */
export const CONNECTIONS = 5;
export const DB_LATENCY = '5-10';
export const MAX_WAIT_MS = 500;
export const FLOOD_PER_SECOND = 300;
/** More than wait at once: half a second for a connection, and the answer. */
export const FLOOD_USERS = 300;
export const GOOD_PER_SECOND = 25;

/** Good stores that are asked for, by Zipf's law; the first of them have copies when the flood begins. */
export const GOOD_STORES = 1000;
export const PRIMED_STORES = 80;

/** Absent slugs of the arms in which they repeat. */
export const REPEATED = 10;

/** Stores in the usual data set, the restaurant among them: a filter with this capacity is just full. */
export const KNOWN_STORES = 1001;

/** Life of the note that a store does not exist, as in the story. */
export const NEGATIVE_TTL_MS = 300_000;

/** Stores that are created while their absence may be noted. */
export const CREATED = 10;

/** What the protocol reads from an arm. */
export interface ArmDesign {
  /** Absent slugs; 0: none comes twice. */
  distinct: number;
  floodPerSecond: number;
  /** Room in Redis for what the flood leaves behind; null: as much as it likes. */
  headroomBytes: number | null;
  /** The filter's size; null: there is none. */
  filter: { capacity: number; falsePositiveRate: number } | null;
}

export function designOf({ overrides = {}, parameters = {} }: Arm): ArmDesign {
  const { distinct, headroomBytes, floodPerSecond } = parameters;
  return {
    distinct: typeof distinct === 'number' ? distinct : 0,
    floodPerSecond: typeof floodPerSecond === 'number' ? floodPerSecond : FLOOD_PER_SECOND,
    headroomBytes: typeof headroomBytes === 'number' ? headroomBytes : null,
    filter: filterOf(overrides['admission']),
  };
}

function filterOf(value: unknown): ArmDesign['filter'] {
  if (typeof value !== 'object' || value === null) return null;
  if (!('capacity' in value) || !('falsePositiveRate' in value)) return null;
  return { capacity: Number(value.capacity), falsePositiveRate: Number(value.falsePositiveRate) };
}

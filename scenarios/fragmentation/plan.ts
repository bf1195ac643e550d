/** Keys, and bytes of their values: drawn evenly, anew at each overwriting. */
export const KEYS = 60_000;
export const LEAST_VALUE_BYTES = 100;
export const MOST_VALUE_BYTES = 1100;
/** How often every key is overwritten with a value of another size. */
export const OVERWRITES = 2;
/** Share of the keys that are deleted then, at random. */
export const DELETED_SHARE = 0.85;

/** From here on the story calls it serious. */
export const SERIOUS_RATIO = 1.5;

/** What is done about it. */
export const CURES = ['leave', 'purge', 'activedefrag', 'refill', 'restart'] as const;
export type Cure = (typeof CURES)[number];

/** What the story sets, with less memory: here there are some MB to win, not 100. */
export const DEFRAG_SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['active-defrag-ignore-bytes', '1mb'],
  ['active-defrag-threshold-lower', '10'],
  ['active-defrag-threshold-upper', '100'],
];

/** How long a cure may take. */
export const CURE_MS = 4000;
/** Before a figure is read: Redis looks at its own memory ten times a second. */
export const REST_MS = 500;

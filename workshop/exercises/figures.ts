import type { Sample } from '../contract.ts';

/** A sample's hit ratio and times speak of the last 2 s. */
const WINDOW_MS = 2000;

export function sumOf(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0);
}

/** SELECTs in all. */
export function selectsIn(samples: readonly Sample[]): number {
  return sumOf(samples, ({ selectsPerSecond, spanMs }) => (selectsPerSecond * spanMs) / 1000);
}

/** Answers that showed an old price. */
export function oldAnswersIn(samples: readonly Sample[]): number {
  return Math.round(sumOf(samples, ({ staleShare, requests }) => (staleShare ?? 0) * requests));
}

/**
 * Hit ratio, 0 to 1, of the whole time. Each sample gives that of its last 2 s, so windows overlap: they are weighted with their requests,
 * and those that began before the first sample are left out.
 * @returns Null without a lookup.
 */
export function hitRatioIn(samples: readonly Sample[]): number | null {
  const startMs = (samples[0]?.atMs ?? 0) - (samples[0]?.spanMs ?? 0);
  let hits = 0;
  let lookups = 0;
  for (const { atMs, hitRatio } of samples) {
    if (hitRatio === null || atMs - WINDOW_MS < startMs) continue;
    const inWindow = samples.filter((one) => one.atMs > atMs - WINDOW_MS && one.atMs <= atMs);
    const requests = sumOf(inWindow, (one) => one.requests);
    hits += hitRatio * requests;
    lookups += requests;
  }
  return lookups === 0 ? null : hits / lookups;
}

/**
 * An age in ms that at least this share of the answers stayed within: of each sample only the oldest answer is known, and all of
 * its answers count as that old.
 * @param share - 0 to 1.
 * @returns Null without a page.
 */
export function ageWithinMs(samples: readonly Sample[], share: number): number | null {
  const ages = samples
    .flatMap(({ ageMaxMs, requests }) => (ageMaxMs === null ? [] : [{ ageMaxMs, requests }]))
    .sort((a, b) => a.ageMaxMs - b.ageMaxMs);
  const all = ages.reduce((sum, { requests }) => sum + requests, 0);
  let counted = 0;
  for (const { ageMaxMs, requests } of ages) {
    counted += requests;
    if (counted >= share * all) return ageMaxMs;
  }
  return null;
}

/** Largest of the p99s, in ms; null without requests. */
export function worstP99Ms(samples: readonly Sample[]): number | null {
  const given = samples.flatMap(({ p99Ms }) => p99Ms ?? []);
  return given.length === 0 ? null : Math.max(...given);
}

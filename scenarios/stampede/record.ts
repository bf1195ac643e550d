import type { Findings } from '../../lab/result.ts';
import type { ExpiryFigures, LoadRow, TailFigures } from './expiries.ts';

/** Collects the findings of one trial: counts that add up, and one value per expiry. */
export class Record {
  readonly #findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };

  add(name: string, count: number): void {
    const { totals } = this.#findings;
    totals[name] = (totals[name] ?? 0) + count;
  }

  sample(name: string, value: number | null): void {
    const { samples } = this.#findings;
    samples[name] ??= [];
    if (value !== null) samples[name].push(value);
  }

  note(sentence: string): void {
    this.#findings.notes.push(sentence);
  }

  expiry(figures: ExpiryFigures): void {
    this.sample('loadsPerExpiry', figures.loads);
    this.sample('selectsPerExpiry', figures.selects);
    this.sample('firstLoadMs', figures.firstLoadMs);
    this.sample('loadMs', figures.loadMs);
    this.sample('recoveryMs', figures.recoveryMs);
  }

  tail({ aroundMs, hitsMs, ratio, hitsRatio }: TailFigures): void {
    this.sample('p99Ms', aroundMs);
    this.sample('p99OnHitsMs', hitsMs);
    this.sample('p99Ratio', ratio);
    this.sample('p99HitsRatio', hitsRatio);
  }

  series(name: string, points: [number, number][]): void {
    if (points.length > 0) this.#findings.series.push({ name, points });
  }

  findings(): Findings {
    return this.#findings;
  }
}

const GRID_MS = 50;

/**
 * Loads under way about an expiry, mean over all expiries.
 * @param expiries - Loads of each, and the moment from which time counts.
 * @returns `[seconds since the expiry, loads]` in steps of 50 ms, until all were done.
 */
export function loadsInFlight(
  expiries: readonly { atUs: number; loads: readonly LoadRow[] }[],
): [number, number][] {
  const ends = expiries.flatMap(({ atUs, loads }) => loads.map(({ endUs }) => endUs - atUs));
  if (ends.length === 0) return [];
  const lastMs = Math.max(...ends) / 1000 + 200;
  const points: [number, number][] = [];
  for (let ms = -200; ms <= lastMs; ms += GRID_MS) {
    const inFlight = expiries.reduce((sum, { atUs, loads }) => {
      const us = atUs + ms * 1000;
      return sum + loads.filter(({ startUs, endUs }) => startUs <= us && us < endUs).length;
    }, 0);
    points.push([ms / 1000, inFlight / expiries.length]);
  }
  return points;
}

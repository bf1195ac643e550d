import type { Sample } from '../contract.ts';
import { joinSamples, type Session } from './session.ts';

/** Samples that share a stretch of the time axis. */
export interface Bucket {
  /** From the opening of the room, in ms. */
  fromMs: number;
  toMs: number;
  /** Rises at each gap: a line is not drawn across one. */
  run: number;
  sample: Sample;
}

/** Samples that lie further apart than this stand on two sides of a gap: the machine slept, or the room was stopped. */
const GAP_MS = 5000;

/**
 * The samples of a session in stretches of equal length, at least a second long.
 * @param most - Stretches that there may be.
 */
export function bucketsOf(session: Session, most: number): Bucket[] {
  const { openedAtMs, endedAtMs, samples } = session;
  const stepMs = Math.max(1000, Math.ceil((endedAtMs - openedAtMs) / most / 1000) * 1000);
  const parts: { index: number; run: number; samples: Sample[] }[] = [];
  let run = 0;
  let beforeMs: number | null = null;
  for (const sample of samples) {
    const index = Math.max(0, Math.floor((sample.atMs - sample.spanMs / 2 - openedAtMs) / stepMs));
    if (beforeMs !== null && sample.atMs - sample.spanMs - beforeMs > GAP_MS) run += 1;
    beforeMs = sample.atMs;
    const last = parts.at(-1);
    if (last !== undefined && last.index === index && last.run === run) last.samples.push(sample);
    else parts.push({ index, run, samples: [sample] });
  }
  return parts.map(({ index, run: of, samples: inside }) => ({
    fromMs: index * stepMs,
    toMs: (index + 1) * stepMs,
    run: of,
    sample: joinSamples(inside),
  }));
}

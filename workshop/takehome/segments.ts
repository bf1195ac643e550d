import type { Knobs, Sample } from '../contract.ts';
import { middle, perRequest, type Session } from './session.ts';

/** A stretch of time in which no knob was turned, and what was measured in it. */
export interface Segment {
  fromMs: number;
  toMs: number;
  /** Title of the policy. */
  policy: string;
  preset: string;
  /** Knobs that differ from the stretch before, save the preset; in the first one all that are not the preset's own. */
  changed: Partial<Knobs>;
  requests: number;
  errors: number;
  /** Medians over its seconds. */
  p50Ms: number | null;
  p99Ms: number | null;
  hitRatio: number | null;
  selectsPerSecond: number | null;
  staleShare: number | null;
}

/** Knobs that were turned within this time of each other count as turned at once: a slider passes many values. */
const AT_ONCE_MS = 3000;
/** The server's figures look back this far: the first of a longer stretch still speak of the one before. */
const LOOK_BACK_MS = 2000;

/** The session in stretches between turns of the knobs. */
export function segmentsOf(session: Session): Segment[] {
  const turns = session.knobs.filter((turn, index) => {
    const next = session.knobs[index + 1];
    return next === undefined || next.atMs - turn.atMs > AT_ONCE_MS;
  });
  let before: Knobs | null = null;
  return turns.map(({ atMs, knobs, policy }, index) => {
    const fromMs = index === 0 ? session.openedAtMs : atMs;
    const toMs = turns[index + 1]?.atMs ?? session.endedAtMs;
    const changed = differing(before, knobs);
    before = knobs;
    const settledMs = toMs - fromMs > 2 * LOOK_BACK_MS ? fromMs + LOOK_BACK_MS : fromMs;
    const inside = session.samples.filter(
      (sample) => sample.atMs > settledMs && sample.atMs <= toMs,
    );
    return { fromMs, toMs, policy, preset: knobs.preset, changed, ...figuresOf(inside) };
  });
}

type Figures = Pick<
  Segment,
  ('requests' | 'errors' | 'p50Ms' | 'p99Ms') | ('hitRatio' | 'selectsPerSecond' | 'staleShare')
>;

function figuresOf(samples: readonly Sample[]): Figures {
  const sum = (of: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + of(sample), 0);
  const spanMs = sum((sample) => sample.spanMs);
  return {
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    p50Ms: middle(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: middle(samples.map(({ p99Ms }) => p99Ms)),
    hitRatio: perRequest(samples, ({ hitRatio }) => hitRatio),
    selectsPerSecond:
      spanMs === 0 ? null : sum((sample) => sample.selectsPerSecond * sample.spanMs) / spanMs,
    staleShare: perRequest(samples, ({ staleShare }) => staleShare),
  };
}

function differing(before: Knobs | null, now: Knobs): Partial<Knobs> {
  const names = Object.keys(now) as (keyof Knobs)[];
  return Object.fromEntries(
    names
      .filter((name) => name !== 'preset')
      .filter((name) => (before === null ? now[name] !== null : now[name] !== before[name]))
      .map((name) => [name, now[name]]),
  ) as Partial<Knobs>;
}

import {
  cheApproximation,
  fixedTtlHitRatio,
  slidingTtlHitRatio,
} from '../../sim/curves/analytic.ts';
import { type LruCurve, lruCurve, missRatioAt } from '../../sim/curves/mattson.ts';
import { missRatios } from '../../sim/curves/points.ts';
import { type Popularity, popularityOf } from '../../sim/curves/popularity.ts';
import { sampleObjects } from '../../sim/curves/sample.ts';
import { shardsAt, shardsCurve } from '../../sim/curves/shards.ts';
import { generate } from '../../sim/generators/generate.ts';
import { fifo } from '../../sim/policies/fifo.ts';
import { lru } from '../../sim/policies/lru.ts';
import { simulateTime } from '../../sim/time/simulate.ts';
import type { Trace } from '../../sim/trace.ts';
import type { OwnCriterion } from './criterion.ts';

const REQUESTS = 20_000_000;
const OBJECTS = 2_000_000;
const RUNS = 100;
const LEAST_RUNS = 95;
const RATE = 0.01;
/** Shares of the objects; SHARDS at 1 % speaks of those from 3 % on. */
const SHARES = [0.03, 0.1, 0.3, 0.8];
const MOST_POINTS = 0.5;
const MOST_RELATIVE = 0.01;

interface Line {
  text: string;
  passed: boolean;
}

export const criterion: OwnCriterion = {
  kind: 'own',
  about:
    'Che, the renewal forms and SHARDS at 1 % against simulation of 20 M requests, about 3 minutes',
  run: async ({ progress }) => {
    progress.now(`${REQUESTS / 1e6} M requests of Zipf's law over ${OBJECTS / 1e6} M objects`);
    const trace = generate({ kind: 'zipf', requests: REQUESTS, objects: OBJECTS, exponent: 1 });
    progress.now('the exact curve');
    const exact = lruCurve(trace);
    const lines = [
      ...shards(trace, exact, (run) => progress.now(`sample ${run} of ${RUNS}`)),
      ...che(trace),
      ...renewal(),
    ];
    return Promise.resolve({
      lines: lines.map(({ text, passed }) => `${text}: ${passed ? 'kept' : 'missed'}`),
      passed: lines.every(({ passed }) => passed),
    });
  },
};

/** 100 samples of the objects, each with hashes of its own, against the curve of all. */
function shards(trace: Trace, exact: LruCurve, say: (run: number) => void): Line[] {
  const popularity: Popularity = popularityOf(trace);
  const sizes = SHARES.map((share) => Math.round(share * trace.objects));
  const errors = sizes.map(() => new Float64Array(RUNS));
  const held = sizes.map(() => 0);
  for (let run = 0; run < RUNS; run += 1) {
    say(run + 1);
    const curve = shardsCurve(sampleObjects(trace, { rate: RATE, seed: run }), popularity, run);
    sizes.forEach((size, at) => {
      const { missRatio, low, high } = shardsAt(curve, size);
      const truth = missRatioAt(exact, size);
      errors[at]![run] = 100 * Math.abs(missRatio - truth);
      if (low <= truth && truth <= high) held[at]! += 1;
    });
  }
  return sizes.map((size, at) => {
    const sorted = errors[at]!.toSorted();
    const within = sorted.filter((points) => points <= MOST_POINTS).length;
    return {
      text: `SHARDS at ${100 * RATE} %, ${size} objects (${100 * SHARES[at]!} %): ${within} of ${RUNS} samples within ${MOST_POINTS} points (at least ${LEAST_RUNS}), the worst ${sorted.at(-1)!.toFixed(2)}; ${held[at]} of ${RUNS} intervals hold the exact value`,
      passed: within >= LEAST_RUNS,
    };
  });
}

/** Che's approximation on the warm half, from the counts of the whole trace. */
function che(trace: Trace): Line[] {
  const from = trace.ids.length / 2;
  const popularity = popularityOf(trace);
  return [lru, fifo].flatMap((policy) =>
    [0.01, 0.1].map((share) => {
      const capacity = Math.round(share * trace.objects);
      const simulated = missRatios(policy, trace, [capacity], { from })[0]!.missRatio;
      const name = policy === lru ? 'lru' : 'fifo';
      const { missRatio } = cheApproximation(name, popularity, capacity);
      return relative(`Che, ${policy.title} with ${capacity} objects`, missRatio, simulated);
    }),
  );
}

/** λT from 0.3 to 30 on Poisson arrivals: 4 M requests, 500 objects alike. */
function renewal(): Line[] {
  const trace = generate({
    ...{ kind: 'uniform', requests: 4_000_000, objects: 500, rate: 500, arrivals: 'poisson' },
  });
  const fromTick = 60_000;
  return (['absolute', 'sliding'] as const).flatMap((kind) =>
    [0.3, 1, 3].map((ttlSeconds) => {
      const form = kind === 'absolute' ? fixedTtlHitRatio : slidingTtlHitRatio;
      const { hitRatio } = simulateTime(trace, {
        ...{ seed: 1, ttlMs: 1000 * ttlSeconds, renewal: kind, fromTick },
      });
      // Each object is read once a second on average.
      return relative(
        `renewal form, ${kind} TTL, λT = ${ttlSeconds}`,
        1 - form(ttlSeconds),
        1 - hitRatio,
      );
    }),
  );
}

function relative(what: string, said: number, simulated: number): Line {
  const off = Math.abs(said / simulated - 1);
  return {
    text: `${what}: miss ratio ${said.toFixed(5)}, simulated ${simulated.toFixed(5)}, ${(100 * off).toFixed(2)} % apart (at most ${100 * MOST_RELATIVE} %)`,
    passed: off <= MOST_RELATIVE,
  };
}

import { sampleOf, welch } from '../stats/welch.ts';
import { tInterval, tQuantile } from '../stats/t-interval.ts';
import type { Judgement, OwnCriterion } from './criterion.ts';
import { soak, type SoakDesign, type SoakReadings } from './workshop-soak.ts';

const DESIGN: SoakDesign = {
  ...{ starts: 5, clients: 20, stretchSeconds: 60, aloneStretches: 10, crowdedStretches: 30 },
};

const MOST_START_MS = 8000;
/** Of one core, for all clients together. */
const MOST_CORES = 0.05;
/** Bytes a minute: 45 MB in a workshop of 90 minutes. Its record of the session, one sample a second, is among it. */
const MOST_GROWTH = 0.5e6;
const MOST_STOP_MS = 1000;
/** Stretches in which code is compiled and what is replayed fills up. */
const WARM_STRETCHES = 5;

export const criterion: OwnCriterion = {
  kind: 'own',
  about:
    'the workshop’s page with 20 clients for 30 minutes, of which one stalls and one comes and goes: CPU, memory, start and stop, about 42 minutes, on Linux',
  run: async (lab) => judgeWorkshop(await soak(lab, DESIGN)),
};

/** Pure. */
export function judgeWorkshop(readings: SoakReadings): Judgement {
  const { startMs, crowdedCores, aloneCores, clients, clientsEndedMs } = readings;
  const slowest = Math.max(...startMs);
  const page = pageCores(readings);
  const growth = growthOf(readings);
  const checks = [
    {
      line: `from npm run workshop to the first page: ${startMs.map(seconds).join(', ')}, the slowest ${seconds(slowest)} (n = ${startMs.length}, at most ${seconds(MOST_START_MS)})`,
      passed: startMs.length >= 3 && slowest <= MOST_START_MS,
    },
    {
      line:
        `CPU of the control process: ${cores(aloneCores)} without a client, ${cores(crowdedCores)} with ${clients}; ` +
        `for the page ${percent(page.difference)} of a core, 95 % interval ${percent(page.low)} to ${percent(page.high)} (at most ${percent(MOST_CORES)})`,
      passed: page.high <= MOST_CORES,
    },
    {
      line: `memory in use with ${clients} clients: ${growth.text} (at most ${megabytes(MOST_GROWTH)} a minute)`,
      passed: growth.high <= MOST_GROWTH,
    },
    {
      line: `each client that reads got ${(readings.bytesPerSecond / 1000).toFixed(2)} KB/s and missed ${readings.missed} samples; one vanished ${readings.vanished} times; the one that reads nothing ${readings.stalledLetGo ? 'was let go' : 'still lay in the kernel’s buffers'}`,
      passed: readings.missed === 0,
    },
    {
      line: `from Ctrl-C to the end of every client’s stream: ${seconds(clientsEndedMs)} (at most ${seconds(MOST_STOP_MS)}); to the end of all services ${seconds(readings.endedMs)}`,
      passed: clientsEndedMs <= MOST_STOP_MS,
    },
  ];
  return {
    lines: checks.map(({ line, passed }) => `${line}: ${passed ? 'holds' : 'broken'}`),
    passed: checks.every(({ passed }) => passed),
  };
}

/** Cores that the clients cost, with a 95 % interval. */
function pageCores({ crowdedCores, aloneCores }: SoakReadings): {
  difference: number;
  low: number;
  high: number;
} {
  const crowded = sampleOf(crowdedCores);
  const alone = sampleOf(aloneCores);
  if (crowded === null || alone === null) return { difference: NaN, low: NaN, high: NaN };
  const { difference, error, degreesOfFreedom } = welch([crowded], [alone]);
  const margin = error === 0 ? 0 : tQuantile(0.975, degreesOfFreedom) * error;
  return { difference, low: difference - margin, high: difference + margin };
}

/** Bytes a minute by a straight line through the stretches after the first ones, with a 95 % interval. */
function growthOf({ rssBytes, stretchSeconds }: SoakReadings): { text: string; high: number } {
  const values = rssBytes.slice(WARM_STRETCHES);
  const n = values.length;
  if (n < 4) return { text: `too few stretches (${rssBytes.length})`, high: NaN };
  const minutes = values.map((_, at) => (at * stretchSeconds) / 60);
  const middle = minutes.reduce((sum, one) => sum + one, 0) / n;
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  const spread = minutes.reduce((sum, one) => sum + (one - middle) ** 2, 0);
  const slope = minutes.reduce((sum, one, at) => sum + (one - middle) * values[at]!, 0) / spread;
  const residual = values.reduce(
    (sum, value, at) => sum + (value - mean - slope * (minutes[at]! - middle)) ** 2,
    0,
  );
  const margin = tQuantile(0.975, n - 2) * Math.sqrt(residual / (n - 2) / spread);
  const text = `${megabytes(values[0]!)} after ${WARM_STRETCHES} stretches, ${megabytes(values.at(-1)!)} at the end; slope ${megabytes(slope)} a minute, 95 % interval ${megabytes(slope - margin)} to ${megabytes(slope + margin)} (n = ${n})`;
  return { text, high: slope + margin };
}

/** `2.1 % (n = 30, 95 % interval 2.0 % to 2.2 %)`. */
function cores(values: readonly number[]): string {
  const interval = tInterval(values, 0.95);
  if (interval === null) return 'too few readings';
  const { mean, low, high, n } = interval;
  return `${percent(mean)} of a core (n = ${n}, 95 % interval ${percent(low)} to ${percent(high)})`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

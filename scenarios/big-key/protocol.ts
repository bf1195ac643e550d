import { newHistogram, recordMs } from '../../lab/stats/histogram.ts';
import { quantileMs } from '../../lab/stats/quantile.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import type { Reads } from './driver-messages.ts';
import { type Operation, operationsOf } from './operations.ts';
import { armNameOf, LOGGED_MS, OPERATIONS, type Pace, paceOf, SLOW_MS, SMALL } from './plan.ts';
import { type Reader, startReader } from './reader.ts';
import { commandsOf, slowLog } from './slow-log.ts';

/** Reads before and after the operations: the first of a process are slow. */
const REST_MS = 100;
const WARM_MS = 400;
/** Reads that were due from so long before an operation until it ends, or for so long, are those that may have felt it. */
const WINDOW_MS = { before: 2, least: 20 };
/** The picture of one operation: how far it reaches, and its resolution. */
const PICTURE_MS = { before: 40, after: 60, bin: 5 };

/** Filling Redis and starting the driver, measured on 2 cores. */
const FILL_SECONDS = { value: 2, members: 6, keyspace: 3 };
/** What operations take beside their pace: HGETALL, the scans, the copies that will be deleted. */
const WORK_SECONDS = { value: 0.4, members: 1, keyspace: 0.5 };

export const protocol: Protocol = {
  seconds({ name }, { measureSeconds }) {
    const arm = armNameOf(name);
    const { repetitions, periodMs, leastMs } = paceOf(arm, measureSeconds);
    const paced = Math.max(leastMs, repetitions * periodMs) / 1000;
    return FILL_SECONDS[arm] + OPERATIONS[arm].length * (paced + WORK_SECONDS[arm]);
  },
  async run(hands) {
    const arm = armNameOf(hands.arm.name);
    const pace = paceOf(arm, hands.design.measureSeconds);
    const { operations, bytes, close } = await operationsOf(hands, arm);
    const findings: Findings = { totals: { bytes }, samples: {}, series: [], notes: [] };
    const problems: string[] = [];
    try {
      const log = await slowLog(hands.redis, LOGGED_MS);
      const reader = await startReader(hands);
      reader.start();
      await hands.sleep(WARM_MS);
      await reader.stop();
      for (const [name] of OPERATIONS[arm]) {
        const operation = operations[name];
        if (operation === undefined) throw new Error(`${name} is planned and not there`);
        const cell = await runCell(hands, { reader, log, operation, pace });
        problems.push(...cell.problems.map((problem) => `${name}: ${problem}`));
        for (const [figure, values] of Object.entries(cell.samples))
          findings.samples[`${name}/${figure}`] = values;
        findings.series.push({ name, points: cell.picture });
      }
    } finally {
      close();
    }
    return { load: null, findings, problems };
  },
};

/** One doing of an operation. */
interface Doing {
  beginUs: number;
  endUs: number;
  /** Time inside the server of each command that its log has. */
  commandsMs: number[];
}

interface CellResult {
  samples: Record<string, number[]>;
  picture: [number, number][];
  problems: string[];
}

/** Does an operation at its pace while the small keys are read. */
export async function runCell(
  hands: Hands,
  cell: {
    reader: Reader;
    log: Awaited<ReturnType<typeof slowLog>>;
    operation: Operation;
    pace: Pace;
  },
): Promise<CellResult> {
  const { reader, log, operation, pace } = cell;
  const problems: string[] = [];
  const doings: Doing[] = [];
  await operation.prepare?.(pace.repetitions);
  const startUs = hands.nowUs();
  const until = async (us: number): Promise<void> => {
    const leftMs = (us - hands.nowUs()) / 1000;
    if (leftMs > 0) await hands.sleep(leftMs);
  };
  reader.start();
  await hands.sleep(REST_MS);
  for (let repetition = 0; repetition < pace.repetitions; repetition += 1) {
    await log.reset();
    const beginUs = hands.nowUs();
    const result = await operation.run(repetition);
    const endUs = hands.nowUs();
    if (result !== operation.expects)
      problems.push(`the answer is ${result}, not ${operation.expects}`);
    doings.push({ beginUs, endUs, commandsMs: commandsOf(await log.read(), operation.commands) });
    await until(Math.max(beginUs + pace.periodMs * 1000, endUs + pace.pauseMs * 1000));
  }
  await until(startUs + pace.leastMs * 1000);
  const reads = await reader.stop();
  if (reads.wrong > 0) problems.push(`${reads.wrong} small reads had no right answer`);
  return {
    problems,
    samples: samplesOf(reads, doings),
    picture: pictureOf(reads, usual(reads, doings)),
  };
}

function samplesOf(reads: Reads, doings: readonly Doing[]): Record<string, number[]> {
  const response = quantiles(reads.responseUs);
  const lag = quantiles(reads.lagUs);
  const spanMs = (reads.scheduledUs.length / SMALL.readsPerSecond) * 1000;
  return {
    feltMs: doings.map((doing) => feltMs(reads, doing)),
    tookMs: doings.map(({ beginUs, endUs }) => (endUs - beginUs) / 1000),
    // Not in the log: shorter than what is logged.
    longestCommandMs: doings.map(({ commandsMs }) => Math.max(0, ...commandsMs)),
    slowCommands: doings.map(({ commandsMs }) => commandsMs.filter((ms) => ms >= SLOW_MS).length),
    periodMs: [spanMs / Math.max(1, doings.length)],
    p50Ms: response.p50,
    p99Ms: response.p99,
    lagP99Ms: lag.p99,
  };
}

/** Empty where the sample does not support it. */
function quantiles(us: readonly number[]): { p50: number[]; p99: number[] } {
  const histogram = newHistogram();
  for (const one of us) recordMs(histogram, one / 1000);
  const at = (q: number): number[] => {
    const { ms } = quantileMs(histogram, q);
    return ms === null ? [] : [ms];
  };
  return { p50: at(0.5), p99: at(0.99) };
}

/** Longest response among the reads that were due while the operation went on. */
function feltMs(reads: Reads, { beginUs, endUs }: Doing): number {
  const from = beginUs - WINDOW_MS.before * 1000;
  const to = Math.max(endUs, beginUs + WINDOW_MS.least * 1000);
  let longest = 0;
  for (const [at, due] of reads.scheduledUs.entries())
    if (due >= from && due <= to) longest = Math.max(longest, reads.responseUs[at]!);
  return longest / 1000;
}

/** The doing whose longest wait is the median of them all. */
function usual(reads: Reads, doings: readonly Doing[]): Doing | undefined {
  const byWait = doings.toSorted((a, b) => feltMs(reads, a) - feltMs(reads, b));
  return byWait[Math.floor((byWait.length - 1) / 2)];
}

/** Longest response of each few ms around one doing: x in ms since it began, y in ms. */
function pictureOf(reads: Reads, doing: Doing | undefined): [number, number][] {
  if (doing === undefined) return [];
  const bins = new Map<number, number>();
  for (const [at, due] of reads.scheduledUs.entries()) {
    const sinceMs = (due - doing.beginUs) / 1000;
    const endMs = (doing.endUs - doing.beginUs) / 1000 + PICTURE_MS.after;
    if (sinceMs < -PICTURE_MS.before || sinceMs > endMs) continue;
    const bin = Math.floor(sinceMs / PICTURE_MS.bin) * PICTURE_MS.bin;
    bins.set(bin, Math.max(bins.get(bin) ?? 0, reads.responseUs[at]! / 1000));
  }
  return [...bins].toSorted(([a], [b]) => a - b);
}

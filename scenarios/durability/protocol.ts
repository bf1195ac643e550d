import type { Durability } from '../../lab/oracle/durability.ts';
import type { Arm } from '../../lab/experiment.ts';
import type { Hands, Protocol, ProtocolResult } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { coldHour } from './hour.ts';
import { type Killed, killOnce, traceOnce, type Traced } from './losses.ts';
import { timeReads } from './memory-disk.ts';
import { startNode } from './node.ts';
import {
  argumentsOf,
  type Depth,
  depthOf,
  HOUR,
  killsOf,
  type Mode,
  SLOW_SYNC_MS,
  taskOf,
  writeSecondsOf,
} from './plan.ts';
import { recover, resurrect } from './recovery.ts';
import { saturate } from './writer.ts';

/** Long enough for syncs of 3 s: two begun and one completed before the first cut. */
const SLOW = { seconds: 8, cutsAfterMs: 4500 };
/** A load that reached less than this of its schedule was not the load that was asked for. */
const LEAST_WRITTEN = 0.9;
/** Share of the shortened hour that the restart may take: copies go on ageing meanwhile. */
const MOST_AWAY = 0.1;

/** What an arm's task asks for; every figure of a loss comes from reading back. */
export const protocol: Protocol = {
  seconds: (arm, design) => secondsOf(arm, depthOf(design)),
  run(hands) {
    const depth = depthOf(hands.design);
    const { task, mode } = taskOf(hands.arm);
    switch (task) {
      case 'mode':
        return wholeMode(hands, mode, depth);
      case 'slow-disk':
        return slowDisk(hands, depth);
      case 'hour':
        return hour(hands, mode, depth);
      case 'memory-disk':
        return memoryDisk(hands, depth);
      default:
        return task satisfies never;
    }
  },
};

function secondsOf(arm: Arm, depth: Depth): number {
  const { task, mode } = taskOf(arm);
  if (task === 'slow-disk') return SLOW.seconds + SLOW_SYNC_MS / 1000 + depth.cuts * 0.3;
  if (task === 'hour')
    return (depth.hourSeconds * (HOUR.minutesBefore + HOUR.minutesAfter)) / 60 + 0.5;
  if (task === 'memory-disk') return depth.diskMebibytes / 200 + depth.blocks * 0.05;
  const kills = killsOf(mode, depth) * (writeSecondsOf(mode, depth, 0.5) + 0.3);
  const traceSeconds = mode === 'rdb' ? writeSecondsOf(mode, depth, 0.5) : depth.traceSeconds;
  const traces = mode === 'none' ? 0 : traceSeconds + depth.cuts * 0.2 + 0.5;
  const keys = depth.recoveryKeys.reduce((sum, one) => sum + one, 0);
  return depth.saturationSeconds + kills + traces + keys / 40_000 + 1;
}

type Parts = Pick<Findings, 'totals' | 'samples'> & Partial<Findings>;

function found(parts: Parts, problems: string[]): ProtocolResult {
  return { load: null, problems, findings: { series: [], notes: [], ...parts } };
}

async function wholeMode(hands: Hands, mode: Mode, depth: Depth): Promise<ProtocolResult> {
  const node = await startNode(hands, {
    folder: hands.folder('saturation'),
    args: argumentsOf(mode, depth),
  });
  const writesPerSecond = await saturate(node.port, depth.saturationSeconds, hands.random);
  await node.kill();
  const kills: Killed[] = [];
  const stretches = killsOf(mode, depth);
  for (let kill = 0; kill < stretches; kill += 1) {
    kills.push(await killOnce(hands, mode, depth, (kill + hands.random()) / stretches));
  }
  const traced = mode === 'none' ? [] : [await tryTrace(() => traceOnce(hands, mode, depth))];
  const recoveries = [];
  for (const keys of depth.recoveryKeys)
    recoveries.push(await recover(hands, mode, keys, depth.restarts));
  const largest = recoveries.at(-1)!;
  const raised = await resurrect(hands, mode);
  const losses = lossesOf(kills, traced);
  return found(
    {
      totals: {
        ...losses.totals,
        pricesDeleted: raised.durability.acknowledged / 2,
        pricesBack: raised.durability.resurrected,
      },
      samples: {
        ...losses.samples,
        writesPerSecond: [writesPerSecond],
        openP50Ms: kills.map(({ written }) => quantile(written.responsesMs, 0.5)),
        openP99Ms: kills.map(({ written }) => quantile(written.responsesMs, 0.99)),
        lagP99Ms: kills.map(({ written }) => quantile(written.lagsMs, 0.99)),
        recoveryMs: largest.readyAfterMs,
        recoveryKeys: [largest.keys],
        bytesPerKey: [largest.bytes / largest.keys],
        pricesBackTtlSeconds: raised.ttlSeconds,
      },
      series: [
        {
          name: 'recovery',
          points: recoveries.map(({ keys, readyAfterMs }) => [keys, mean(readyAfterMs)]),
        },
      ],
      notes: losses.notes,
    },
    [...losses.problems, ...recoveries.flatMap(({ problems }) => problems)],
  );
}

/** Where there is no strace, or it may not trace, the cut is not judged; the trial is still good for the rest. */
async function tryTrace(trace: () => Promise<Traced>): Promise<Traced | string> {
  try {
    return await trace();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!/strace/.test(reason)) throw error;
    return `no power cut was modelled: ${reason}`;
  }
}

async function slowDisk(hands: Hands, depth: Depth): Promise<ProtocolResult> {
  // The first two syncs are those of the manifest at the start of the log.
  const inject = `fdatasync:delay_enter=${SLOW_SYNC_MS * 1000}:when=3+`;
  const traced = await tryTrace(() => traceOnce(hands, 'aof-everysec', depth, { inject, ...SLOW }));
  const { totals, samples, notes, problems } = lossesOf([], [traced]);
  return found({ totals: { ...totals, slowSyncMs: SLOW_SYNC_MS }, samples, notes }, problems);
}

function lossesOf(
  kills: readonly Killed[],
  traced: readonly (Traced | string)[],
): Required<Parts> & { problems: string[] } {
  const traces = traced.filter((one) => typeof one !== 'string');
  const all = [...kills, ...traces];
  const killed = all.map(({ durability }) => durability);
  const cuts = traces.flatMap((one) => one.cuts);
  const problems = all.flatMap(({ scheduled, durability: { acknowledged } }) => {
    return acknowledged < scheduled * LEAST_WRITTEN
      ? [`${acknowledged} of ${scheduled} writes were acknowledged before the kill`]
      : [];
  });
  return {
    totals: {
      ...summed('kill', killed),
      ...(cuts.length === 0 ? {} : summed('cut', cuts)),
      syncs: traces.reduce((sum, { syncs }) => sum + syncs, 0),
    },
    samples: {
      killLost: killed.map(({ lost }) => lost),
      killWindowMs: killed.map(({ windowMs }) => windowMs),
      ...(cuts.length === 0
        ? {}
        : {
            cutLost: cuts.map(({ lost }) => lost),
            cutWindowMs: cuts.map(({ windowMs }) => windowMs),
          }),
    },
    series: [],
    notes: traced.filter((one) => typeof one === 'string'),
    problems,
  };
}

/** Counts of several ends under one name: `kills`, `killAcknowledged`, `killLost`, … */
function summed(name: 'kill' | 'cut', ends: readonly Durability[]): Record<string, number> {
  const sum = (of: keyof Durability): number => ends.reduce((total, one) => total + one[of], 0);
  return {
    [`${name}s`]: ends.length,
    [`${name}Acknowledged`]: sum('acknowledged'),
    [`${name}Lost`]: sum('lost'),
    [`${name}Missing`]: sum('missing'),
    [`${name}Old`]: sum('old'),
    [`${name}Resurrected`]: sum('resurrected'),
    [`${name}Foreign`]: sum('foreign'),
    [`${name}Holes`]: sum('holes'),
  };
}

async function hour(hands: Hands, mode: Mode, depth: Depth): Promise<ProtocolResult> {
  const { minutes, awayMs, kept } = await coldHour(hands, mode, depth);
  const between = (from: number, to: number, of: 'requests' | 'loads'): number =>
    minutes
      .filter(({ minute }) => minute >= from && minute < to)
      .reduce((sum, one) => sum + one[of], 0);
  const expected = (HOUR.requestsPerSecond * HOUR.ttlSeconds * HOUR.minutesAfter) / 60;
  const asked = between(0, HOUR.minutesAfter, 'requests');
  return found(
    {
      totals: {
        beforeRequests: between(-HOUR.minutesBefore, 0, 'requests'),
        beforeLoads: between(-HOUR.minutesBefore, 0, 'loads'),
        firstRequests: between(0, 10, 'requests'),
        firstLoads: between(0, 10, 'loads'),
        hourRequests: between(0, 60, 'requests'),
        hourLoads: between(0, 60, 'loads'),
      },
      samples: {
        awayMs: [awayMs],
        // Of the hour: copies end by Redis's clock, which runs on.
        awaySeconds: [(awayMs / 1000) * (HOUR.ttlSeconds / depth.hourSeconds)],
        kept: [kept],
      },
      series: [
        {
          name: 'hitRatio',
          points: minutes.map(({ minute, requests, loads }) => [minute, 1 - loads / requests]),
        },
        { name: 'loads', points: minutes.map(({ minute, loads }) => [minute, loads]) },
      ],
    },
    [
      ...(asked < expected * LEAST_WRITTEN ? [`${asked} pages were viewed, not ${expected}`] : []),
      ...(awayMs > depth.hourSeconds * 1000 * MOST_AWAY
        ? [
            `Redis was back after ${awayMs.toFixed(0)} ms, in which copies of ${depth.hourSeconds} s end`,
          ]
        : []),
    ],
  );
}

async function memoryDisk(hands: Hands, depth: Depth): Promise<ProtocolResult> {
  const { memoryMs, postgresMs, diskMs, notes } = await timeReads(hands, depth);
  const samples = { memoryMs, postgresMs, ...(diskMs.length === 0 ? {} : { diskMs }) };
  return found({ totals: { blocks: memoryMs.length }, samples, notes }, []);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);

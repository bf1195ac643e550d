import { figure } from '../../lab/claims.ts';
import { LabError } from '../../lab/errors.ts';
import type { Hands } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { shuffled } from '../../lab/seeded-random.ts';
import {
  EVERY_KEY_EXPIRES,
  modelHits,
  type Replay,
  ReplayClient,
  turnoverSeconds,
  type Write,
  writesOf,
} from '../../lab/sim/redis-replay.ts';
import type { ExpirySetting } from '../../sim/redis/expiry.ts';
import { type Cell, type Pace, paceOf, type ReplayDesign } from './plan.ts';
import { curvesOf, exactHitRatios } from './simulated.ts';
import { hitRatioOf, type Workload, workloadOf } from './workloads.ts';

/** Evictions in all of a trial's replays below this: the limit on memory was none. */
const LEAST_EVICTIONS = 100;

/** What every replay of a trial has in common. */
interface Setting {
  client: ReplayClient;
  clockFactor: number;
  pace: Pace;
  ttl: ExpirySetting;
}

/**
 * Replays the arm's workload under each of its policies, with several seeds: one value a seed in each list of samples, so that
 * values at one place met the same requests and the same room.
 */
export async function runReplays(
  hands: Hands,
  design: ReplayDesign,
): Promise<{ findings: Findings; problems: string[] }> {
  const { arm, ownRedis, random } = hands;
  if (ownRedis === null) throw new LabError('E_EXPERIMENT', `${arm.name} needs a Redis of its own`);
  const { clockFactor, clockProblem } = ownRedis;
  const client = await ReplayClient.open(ownRedis.url);
  const pace = paceOf(arm, clockFactor);
  const ttl = { ...EVERY_KEY_EXPIRES, volatileShare: design.volatileShare };
  const setting = { client, clockFactor, pace, ttl };
  const findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };
  if (clockProblem !== null) findings.notes.push(`The clock is the real one: ${clockProblem}.`);
  findings.notes.push(
    pace.requestsPerSecond === null
      ? 'Replayed as fast as it goes.'
      : `Replayed at ${pace.requestsPerSecond / clockFactor} requests a second of Redis’s clock at most, which runs ${clockFactor} times as fast as ours.`,
  );
  try {
    for (let at = 0; at < pace.seeds; at += 1) {
      const seed = hands.seed + at;
      const workload = workloadOf(design.workload, seed, pace.share);
      const write = writesOf(ttl, seed);
      const keys = Math.round(design.share * workload.objects);
      const roomBytes = await client.bytesOf(keys, write);
      const resident: number[] = [];
      for (const cell of shuffled(design.cells, random)) {
        const found = await replayCell(setting, { cell, seed, workload, write, roomBytes });
        addSamples(findings, cell.name, found);
        if (cell.policy !== 'noeviction') resident.push(found['residentShare']! * workload.objects);
      }
      const capacity = Math.round(resident.reduce((sum, one) => sum + one, 0) / resident.length);
      for (const [name, ratio] of Object.entries(exactHitRatios(workload, capacity, seed)))
        addSamples(findings, name, { hitRatio: ratio });
      if (design.curves && at === 0) {
        const requestsPerSecond = reachedRate(findings);
        findings.series.push(...curvesOf(workload, { seed, ttl, requestsPerSecond }));
      }
    }
  } finally {
    client.close();
  }
  findings.notes.push(`Reached: ${figure(reachedRate(findings))} requests a second of that clock.`);
  const { evictions = 0 } = findings.totals;
  const problems =
    evictions < LEAST_EVICTIONS
      ? [`only ${evictions} keys were evicted: memory was not limited`]
      : [];
  return { findings, problems };
}

/** One replay, and what the model of Redis does with it. */
async function replayCell(
  { client, clockFactor, pace, ttl }: Setting,
  run: { cell: Cell; seed: number; workload: Workload; write: Write; roomBytes: number },
): Promise<Record<string, number>> {
  const { cell, seed, workload, write, roomBytes } = run;
  const { policy, samples } = cell;
  const settings = { 'maxmemory-policy': policy, 'maxmemory-samples': samples };
  await client.prepare(settings, write, roomBytes);
  const cpuBefore = await cpuSeconds(client);
  const begunMs = performance.now();
  const replay = await client.replay(workload.ids, write, {
    clockFactor,
    ...(pace.requestsPerSecond === null ? {} : { requestsPerSecond: pace.requestsPerSecond }),
  });
  const seconds = (performance.now() - begunMs) / 1000;
  const cpuAfter = await cpuSeconds(client);
  const model = modelHits(workload, { policy, samples, seed, ttl }, replay);
  const requests = workload.ids.length;
  return {
    hitRatio: hitRatioOf(workload, replay.hits),
    modelHitRatio: hitRatioOf(workload, model),
    residentShare: replay.residentKeys / workload.objects,
    evictions: replay.evictedKeys,
    evictionsPerSecond: replay.evictedKeys / seconds,
    refused: replay.refused,
    misses: requests - hitsOf(replay),
    requestsPerClockSecond: requests / (seconds * clockFactor),
    cpuMicrosPerRequest: ((cpuAfter - cpuBefore) * 1e6) / requests,
    ...(replay.evictedKeys === 0 ? {} : { turnoverSeconds: turnoverSeconds(replay) }),
  };
}

/** Requests a second of Redis's clock, mean over the replays so far. */
function reachedRate({ samples }: Findings): number {
  const reached = Object.entries(samples).flatMap(([name, values]) =>
    name.startsWith('requestsPerClockSecond') ? values : [],
  );
  return reached.reduce((sum, one) => sum + one, 0) / reached.length;
}

const hitsOf = ({ hits }: Replay): number => hits.reduce((sum, one) => sum + one, 0);

/** CPU of the server since its start, by its own account. */
export async function cpuSeconds(client: ReplayClient): Promise<number> {
  return (await client.info('cpu', 'used_cpu_user')) + (await client.info('cpu', 'used_cpu_sys'));
}

const COUNTS = new Set(['evictions', 'refused', 'misses']);

/** Counts are summed over all cells too. */
function addSamples(findings: Findings, name: string, found: Record<string, number>): void {
  for (const [quantity, value] of Object.entries(found)) {
    (findings.samples[`${quantity} ${name}`] ??= []).push(value);
    if (COUNTS.has(quantity)) findings.totals[quantity] = (findings.totals[quantity] ?? 0) + value;
  }
}

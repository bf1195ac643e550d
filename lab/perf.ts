import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { seedDatabase } from '../seed/load.ts';
import { RESTAURANT } from './bench-context.ts';
import { EXIT, LabError } from './errors.ts';
import type { ExitCode } from './errors.ts';
import { canPin, moveToGenerator, saturate, startPerfServer } from './perf-load.ts';
import type { PerfServer, Reading } from './perf-load.ts';
import { startStack } from './provision/stack.ts';
import { createSupervisor, sweepOrphans } from './provision/supervisor.ts';
import type { Supervisor } from './provision/supervisor.ts';
import { ROOT } from './root.ts';
import { medianOf } from './stats/median.ts';

const PAIRS = 15;
const SECONDS = 2;
const WARM_SECONDS = 3;
const TARGET_RATIO = 0.85;
/** Below this share of its core the server was not what held the load back. */
const SATURATED_CORES = 0.9;
const PAGE = `/stores/${RESTAURANT}/catalog`;

/** `bare`: one getBuffer and res.end. `cached`: a hit of the server under test. `static`: its bytes without Redis. */
const ARMS = ['bare', 'cached', 'static'] as const;
type Arm = (typeof ARMS)[number];
type Readings = Record<Arm, Reading[]>;

/**
 * Requests per second at saturation of the hit path, against a bare express handler and against `static`, in
 * interleaved pairs. The servers share one core and take turns; generator and Redis have the other.
 * @returns Exit code: 0 once the ratios are printed, whatever they are.
 */
export async function perf(): Promise<ExitCode> {
  for (const line of await sweepOrphans(ROOT)) say(`left by a killed lab, ended: ${line}`);
  const supervisor = createSupervisor({ root: ROOT, label: 'perf', onEvent: say });
  try {
    const pinned = canPin();
    const servers = await startServers(supervisor, pinned);
    print(
      `requests/s at saturation, ${PAIRS} pairs of ${SECONDS} s; ` +
        (pinned
          ? 'servers on core 1, autocannon and Redis on core 0'
          : 'processes not kept apart (needs Linux, 2 cores and taskset)'),
    );
    const measure = (arm: Arm, seconds: number): Promise<Reading> =>
      saturate(supervisor, servers[arm], { path: PAGE, seconds, pinned });

    for (const arm of ARMS) await measure(arm, WARM_SECONDS);
    await fetch(`${servers.cached.url}/lab/stats/reset`, { method: 'POST' });
    const readings: Readings = { bare: [], cached: [], static: [] };
    for (let pair = 0; pair < PAIRS; pair += 1) {
      // Turned around every second time, so that drift hits both sides alike.
      for (const arm of pair % 2 === 0 ? ARMS : ARMS.toReversed())
        readings[arm].push(await measure(arm, SECONDS));
      const rates = ARMS.map((arm) => `${arm} ${Math.round(last(readings[arm]).perSecond)}`);
      print(`pair ${pair + 1}: ${rates.join(', ')}`);
    }
    printResult(readings);
    await printOthersThanHits(servers.cached);
    return EXIT.fine;
  } finally {
    await supervisor.stopAll();
  }
}

async function startServers(
  supervisor: Supervisor,
  pinned: boolean,
): Promise<Record<Arm, PerfServer>> {
  const { postgres, redis } = await startStack({
    root: ROOT,
    supervisor,
    services: ['postgres', 'redis'],
    onEvent: say,
  });
  if (postgres === null || redis === null) throw new Error('asked for both');
  if (pinned && redis.owned && redis.pid !== null) moveToGenerator(redis.pid);
  await seedDatabase({ url: postgres.url, seed: 1, stores: 0 });

  const keyPrefix = `${redis.keyPrefix}perf:`;
  const environment = {
    CACHELAB_HOST: '127.0.0.1',
    CACHELAB_PORT: '0',
    CACHELAB_PG_URL: postgres.url,
    CACHELAB_REDIS_URL: redis.url,
    CACHELAB_KEY_PREFIX: keyPrefix,
    CACHELAB_DB_LATENCY: '0',
    CACHELAB_PERF_KEY: `${keyPrefix}store_catalog:${RESTAURANT}`,
  };
  const start = (script: string, policy: string): Promise<PerfServer> =>
    startPerfServer(supervisor, pinned, script, { ...environment, CACHELAB_POLICY: policy });
  const cached = await start(join('server', 'main.ts'), 'cached');
  const bound = await start(join('server', 'main.ts'), 'static');
  const bare = await start(join('server', 'perf', 'bare-handler.ts'), '');
  await untilHit(cached);
  await untilHit(bound);
  return { bare, cached, static: bound };
}

/** After it every request is a hit, and the bare handler has a value to read. */
async function untilHit({ url }: PerfServer): Promise<void> {
  let outcome: string | null = null;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const response = await fetch(url + PAGE);
    await response.arrayBuffer();
    outcome = response.headers.get('x-cache-outcome');
    if (outcome === 'hit') return;
    await sleep(100); // Redis may not be connected yet
  }
  throw new LabError('E_NOT_CACHED', `${url}${PAGE} answers "${outcome}" instead of "hit"`);
}

function printResult(readings: Readings): void {
  const perSecond = (arm: Arm): number[] => readings[arm].map((reading) => reading.perSecond);
  const againstBare = ratios(perSecond('cached'), perSecond('bare'));
  print('');
  print(
    `cached / bare   ${spread(againstBare)}   target >= ${TARGET_RATIO}: ` +
      (median(againstBare) >= TARGET_RATIO ? 'met' : 'NOT met'),
  );
  print(`cached / static ${spread(ratios(perSecond('cached'), perSecond('static')))}`);

  const cores = ARMS.map((arm) =>
    median(readings[arm].map((one) => one.serverCores ?? Number.NaN)),
  );
  if (cores.some(Number.isNaN)) return;
  // The inverse of requests per second of a server that has a whole core, and far steadier on a busy machine.
  const micros = (arm: Arm): number[] =>
    readings[arm].map((one) => ((one.serverCores ?? 0) * 1e6) / one.perSecond);
  const each = ARMS.map((arm) => `${arm} ${median(micros(arm)).toFixed(0)} us`);
  print(`CPU of the server per request: ${each.join(', ')}`);
  print(`the same ratio by CPU: bare / cached ${spread(ratios(micros('bare'), micros('cached')))}`);
  print(`cores in use: ${ARMS.map((arm, i) => `${arm} ${cores[i]?.toFixed(2)}`).join(', ')}`);
  if (Math.min(...cores) < SATURATED_CORES)
    print(
      `below ${SATURATED_CORES} the server was not saturated (generator or other programs): read the ratio by CPU`,
    );
}

/** A page that was not a hit costs a hundred times as much: a few are enough to spoil a pair. */
async function printOthersThanHits({ url }: PerfServer): Promise<void> {
  const { phases } = statsSchema.parse(await (await fetch(`${url}/lab/stats`)).json());
  const others = Object.entries(phases.other.outcomes).filter(([outcome]) => outcome !== 'hit');
  if (others.length === 0) return;
  const counts = others.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  print(
    `not only hits: ${counts} of ${phases.other.requests} pages; run it again on a calm machine`,
  );
}

const statsSchema = z.object({
  phases: z.object({
    other: z.object({ requests: z.number(), outcomes: z.record(z.string(), z.number()) }),
  }),
});

function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, index) => value / (below[index] ?? Number.NaN));
}

function spread(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}, ${values.length} pairs)`;
}

function median(values: readonly number[]): number {
  return medianOf(values)?.value ?? Number.NaN;
}

function last(readings: readonly Reading[]): Reading {
  const reading = readings.at(-1);
  if (reading === undefined) throw new Error('nothing measured');
  return reading;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

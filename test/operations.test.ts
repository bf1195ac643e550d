import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '../lab/provision/ports.ts';
import { findPromtool, type Promtool } from '../lab/provision/promtool.ts';
import { openTopology } from '../lab/provision/redis-start.ts';
import type { RedisTopology } from '../lab/provision/redis-topology.ts';
import { createSupervisor, type Supervisor } from '../lab/provision/supervisor.ts';
import { type ServerProcess, startServer } from '../lab/server-process.ts';
import { readStore } from '../lab/top/reading.ts';
import { seedDatabase } from '../seed/load.ts';
import { Figures } from '../server/invalidator/figures.ts';
import { createStatusServer } from '../server/invalidator/status-server.ts';
import { createRedis } from '../server/redis.ts';
import { freshDatabase, requireTool, testStack } from './stack.ts';

const WAIT = { timeout: 15_000, interval: 50 };
const { root } = await testStack();
const PROMETHEUS = join(root, 'deploy', 'prometheus');
const DASHBOARD = join(root, 'deploy', 'grafana', 'dashboards', 'cachelab.json');

let supervisor: Supervisor;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let redis: RedisTopology;
let store: ServerProcess;
const status = createStatusServer(new Figures());

beforeAll(async () => {
  const failing = (reason: string): never => {
    throw new Error(reason);
  };
  const program = requireTool((await testStack()).redisServer, 'redis-server', failing);
  supervisor = createSupervisor({ root, label: 'test operations', handleSignals: false });
  database = await freshDatabase('operations');
  await seedDatabase({ url: database.url, seed: 1, stores: 0 });
  redis = await openTopology({
    supervisor,
    program: { ...program, origin: 'test', version: '' },
    kind: 'replicated',
  });
  store = await startStore(0);
  // It listens before it is connected to Redis: a page would come past the cache.
  expect(await store.readiness()).toBeNull();
  status.listen(0, '127.0.0.1');
  await once(status, 'listening');
});
afterAll(async () => {
  status.close();
  await redis.stop();
  await supervisor.stopAll();
  await database.drop();
});

function startStore(port: number): Promise<ServerProcess> {
  return startServer({
    root,
    supervisor,
    environment: {
      CACHELAB_PORT: String(port),
      CACHELAB_PG_URL: database.url,
      CACHELAB_REDIS_URL: redis.nodes[0]!.url,
      CACHELAB_REDIS_TIMEOUT_MS: '5000', // on a machine that is busy an answer takes its time
      CACHELAB_DB_LATENCY: '0',
      CACHELAB_LOG: 'silent',
    },
  });
}

async function metrics(): Promise<string> {
  const { port } = status.address() as AddressInfo;
  const addresses = [`${store.baseUrl}/metrics`, `http://127.0.0.1:${port}/metrics`];
  const texts = await Promise.all(addresses.map(async (url) => (await fetch(url)).text()));
  return texts.join('\n');
}

const sampleOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);

/** As `top` reads them, its schema included. */
async function stats(): Promise<Exclude<Awaited<ReturnType<typeof readStore>>, string>['stats']> {
  const reading = await readStore(store.baseUrl, new AbortController().signal, () => 0);
  if (typeof reading === 'string') throw new Error(reading);
  return reading.stats;
}

describe('/cache/stats and /metrics', () => {
  test('1 miss and 3 hits: both tell the same counts, and the page and load times have as many entries', async () => {
    for (let read = 0; read < 4; read += 1) await store.page('/stores/lao-zhang/catalog');
    expect(await stats()).toMatchObject({
      requests: 4,
      loads: 1,
      selects: 114,
      errors: 0,
      shed: 0,
      hit_ratio: 0.75,
      page_seconds: { count: 4 },
      load_seconds: { count: 1 },
      pool: { size: 50, waiting: 0 },
      redis: { state: 'up', circuit: 'closed', circuit_opened: 0, keys: 1 },
    });
    const text = await metrics();
    expect(sampleOf(text, 'cachelab_page_hit_ratio')).toBe(0.75);
    expect(sampleOf(text, 'cachelab_page_seconds_count')).toBe(4);
    expect(text).toContain('cachelab_page_seconds_bucket{le="+Inf"} 4\n');
    expect(text).toContain('cachelab_page_load_seconds_bucket{le="+Inf"} 1\n');
    expect(text).toContain('cachelab_page_outcomes_total{outcome="negative"} 0\n');
    expect(text).toContain('cachelab_redis_circuit_state{state="closed"} 1\n');
  });

  test('what Redis says of itself is what they say', async () => {
    const client = new Redis(redis.nodes[0]!.url);
    try {
      await client.config('SET', 'slowlog-log-slower-than', 0);
      await client.set('slow', 1);
      await client.config('SET', 'slowlog-log-slower-than', -1);
      await client.config('SET', 'maxmemory', 100_000_000);
      const length = Number(await client.slowlog('LEN'));
      expect(length).toBeGreaterThan(0);
      await vi.waitUntil(async () => (await stats()).redis.slowlog_length === length, WAIT);
      const { redis: told } = await stats();
      const info = await client.info('memory');
      expect(told.max_memory_bytes).toBe(100_000_000);
      expect(told.fragmentation_ratio).toBeGreaterThan(1);
      expect(told.used_memory_bytes! / Number(/used_memory:(\d+)/.exec(info)?.[1])).toBeCloseTo(
        1,
        0,
      );
      // The page's key has a TTL, `slow` has none.
      expect([told.db_keys, told.db_keys_with_ttl, told.keys]).toEqual([2, 1, 1]);
      expect(sampleOf(await metrics(), 'cachelab_redis_slowlog_entries_total')).toBe(
        told.slowlog_logged,
      );
    } finally {
      client.disconnect();
    }
  });

  test('hundreds of scrapes ask Redis about once a second, with INFO and never with KEYS', async () => {
    const client = new Redis(redis.nodes[0]!.url);
    await client.config('RESETSTAT');
    const samples = new Set<unknown>();
    let scrapes = 0;
    for (; samples.size < 3; scrapes += 1) {
      const [{ redis: told }] = await Promise.all([stats(), metrics()]);
      samples.add(told.sampled_at_ms);
    }
    const text = await client.info('commandstats');
    const calls = (command: string): number =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    client.disconnect();
    expect(scrapes).toBeGreaterThan(20);
    expect(calls('info')).toBeGreaterThan(1);
    expect(calls('info')).toBeLessThanOrEqual(3);
    expect(calls('keys')).toBe(0);
  });

  test('a replica that is frozen lags by the 1 MB that it has not acknowledged, and not once it has', async () => {
    await vi.waitUntil(async () => (await stats()).redis.connected_replicas === 2, WAIT);
    const replica = redis.nodes.find((node) => node !== redis.nodes[0])!;
    const client = new Redis(redis.nodes[0]!.url);
    const lag = async (): Promise<number> =>
      sampleOf(await metrics(), 'cachelab_redis_replication_lag_bytes');
    replica.freeze();
    try {
      await client.set('large', 'x'.repeat(1_000_000));
      await vi.waitUntil(async () => (await lag()) > 1_000_000, WAIT);
    } finally {
      replica.thaw();
    }
    await vi.waitUntil(async () => (await lag()) < 10_000, WAIT);
    client.disconnect();
  });

  test('figures of a Redis that was killed are left out, not 0, and come again with it', async () => {
    const primary = redis.nodes[0]!;
    const { requests } = await stats();
    await primary.kill();
    await vi.waitUntil(async () => sampleOf(await metrics(), 'cachelab_redis_up') === 0, WAIT);
    const text = await metrics();
    expect(text).not.toMatch(/^cachelab_redis_(?!up|circuit)/m);
    expect(sampleOf(text, 'cachelab_page_requests_total')).toBe(requests);
    const away = (await stats()).redis;
    expect(away).toMatchObject({ state: 'down' });
    expect(Object.keys(away).sort()).toEqual(['circuit', 'circuit_opened', 'state']);
    await primary.restart();
    await vi.waitUntil(async () => (await stats()).redis.connected_clients !== undefined, WAIT);
    await vi.waitUntil(
      async () => (await metrics()).includes('\ncachelab_redis_evicted_keys_total 0\n'),
      WAIT,
    );
  });
});

test('a long outage of Redis opens the circuit once, however often it is tried', async () => {
  const messages: string[] = [];
  const away = createRedis({
    url: `redis://127.0.0.1:${await freePort()}`,
    timeoutMs: 100,
    onChange: (message) => messages.push(message),
  });
  try {
    await vi.waitUntil(() => away.circuit().state === 'open', WAIT);
    for (let trial = 0; trial < 4; trial += 1) {
      await sleep(210); // after that long an open circuit lets one PING pass
      await away.ping().catch(() => {});
    }
    expect(away.circuit()).toEqual({ state: 'open', opened: 1 });
    expect(messages.filter((message) => message.includes('no answer'))).toHaveLength(1);
  } finally {
    away.close();
  }
});

/** Names of metrics in an expression: what is neither function, label, keyword nor text. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replaceAll(/\boffset\s+\w+/g, '');
  const words = bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w*\s*\()/g);
  return [...words].map(([word]) => word).filter((word) => !/^(?:and|or|unless|bool)$/.test(word));
}

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() }),
      ),
    }),
  ),
});
const rules = rulesSchema
  .parse(parse(readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8')))
  .groups.flatMap((group) => group.rules);

const panelsSchema = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() }),
  ),
});
const panels = panelsSchema
  .parse(JSON.parse(readFileSync(DASHBOARD, 'utf8')))
  .panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

describe('alerts and dashboard', () => {
  test('each metric that they ask for is one that the servers tell', async () => {
    const text = await metrics();
    const told = new Set([
      ...[...text.matchAll(/^([a-zA-Z_:][\w:]*)[ {]/gm)].map(([, name]) => name),
      ...rules.map(({ record }) => record),
      'up', // Prometheus's own
    ]);
    const asked = [
      ...rules.map(({ alert, record, expr }) => ({ title: alert ?? record ?? '', expr })),
      ...panels,
    ].flatMap(({ title, expr }) => metricsIn(expr).map((name) => `${title}: ${name}`));
    expect(asked.length).toBeGreaterThan(80);
    expect(asked.filter((one) => !told.has(one.split(': ')[1]))).toEqual([]);
    expect(told.has('cachelab_redis_evicted_total')).toBe(false);
  });

  test('names are found in an expression among functions, labels, durations and keywords', () => {
    const expression =
      'a:b{x="y z"} > 0.8 and on (job) sum by (le) (rate(c_total[5m])) / max_over_time(d offset 1h) unless e';
    expect(metricsIn(expression)).toEqual(['a:b', 'c_total', 'd', 'e']);
  });

  test('each alert has a history in which it fires, by name', () => {
    const tested = readFileSync(join(PROMETHEUS, 'alerts.test.yml'), 'utf8');
    const alerts = rules.flatMap(({ alert }) => alert ?? []);
    expect(alerts.length).toBeGreaterThan(15);
    expect(alerts.filter((name) => !tested.includes(name))).toEqual([]);
  });
});

describe('promtool', () => {
  let promtool: Promtool | { tried: string[] };
  beforeAll(async () => {
    promtool = await findPromtool(root, process.env, { install: true });
  });

  /** An optional tool even under CI, where Debian's mirror may be out of reach. */
  function run(args: string[], skip: (reason: string) => never, input = ''): [number, string] {
    if ('tried' in promtool) return skip(`promtool: ${promtool.tried.join('; ')}`);
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync(promtool.bin, args, {
      cwd: PROMETHEUS,
      input,
      encoding: 'utf8',
    });
    return [code ?? -1, stdout + stderr];
  }

  test('accepts the configuration, and the alerts fire on the histories of alerts.test.yml and on no other', ({
    skip,
  }) => {
    expect(run(['check', 'config', 'prometheus.yml'], skip)).toEqual([
      0,
      expect.stringContaining(`${rules.length} rules found`),
    ]);
    expect(run(['test', 'rules', 'alerts.test.yml'], skip)).toEqual([
      0,
      expect.stringContaining('SUCCESS'),
    ]);
  });

  test('sees an alert that fires too late', ({ skip }) => {
    const folder = supervisor.runFolder;
    const late = readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8').replace(
      /(alert: CachelabRedisAway\n[\s\S]*?for: )15s/,
      '$15m',
    );
    writeFileSync(join(folder, 'alerts.yml'), late);
    const histories: { tests: { name: string }[] } = parse(
      readFileSync(join(PROMETHEUS, 'alerts.test.yml'), 'utf8'),
    );
    const tests = histories.tests.filter(({ name }) => name.startsWith('Redis is away'));
    writeFileSync(join(folder, 'alerts.test.yml'), JSON.stringify({ ...histories, tests }));
    const [code, said] = run(['test', 'rules', join(folder, 'alerts.test.yml')], skip);
    expect(code).toBe(1);
    expect(said).toContain('exp: {alertname="CachelabRedisAway"} 1E+00');
  });

  test('accepts the expressions of the dashboard', ({ skip }) => {
    const file = join(supervisor.runFolder, 'dashboard.yml');
    const written = panels.map(({ expr }, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: written }] }));
    const [code, said] = run(['check', 'rules', file], skip);
    expect(code, said).toBe(0);
    expect(said).toContain(`${panels.length} rules found`);
  });

  test('finds nothing to say about names, units and help of our metrics', async ({ skip }) => {
    const ours = (await metrics())
      .split('\n')
      .filter((line) => /^(# (HELP|TYPE) )?cachelab_/.test(line));
    expect(ours.length).toBeGreaterThan(100);
    expect(run(['check', 'metrics'], skip, `${ours.join('\n')}\n`)).toEqual([0, '']);
    const [, said] = run(['check', 'metrics'], skip, 'cachelab_load_ms 3\n');
    expect(said).toContain('no help text');
  });
});

interface Top {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  exited: Promise<number | null>;
}

function startTop(...args: string[]): Top {
  const child = spawn(process.execPath, ['--import', 'tsx', 'lab/cli.ts', 'top', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited: new Promise((resolve) => child.once('close', resolve)),
  };
}

interface JsonLine {
  stats: { requests: number } | null;
  rates: { store: { seconds: number; requestsPerSecond: number } | null } | null;
  error: string | null;
}

const jsonLines = (top: Top): JsonLine[] =>
  top
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonLine);

describe('top', () => {
  test('counts 5 requests as 5, goes on through an outage of the store, and ends with 0 on Ctrl-C', async () => {
    await store.resetStats();
    const every = ['--url', store.baseUrl, '--every', '200ms'];
    const tops = [startTop(...every, '--json'), startTop(...every)] as const;
    const [json, lines] = tops;
    await vi.waitUntil(() => tops.every((top) => top.stdout().includes('\n')), WAIT);
    for (let read = 0; read < 5; read += 1) await store.page('/stores/lao-zhang/catalog');
    await vi.waitUntil(() => jsonLines(json).some(({ stats: is }) => is?.requests === 5), WAIT);
    const counted = jsonLines(json).reduce((sum, { rates }) => {
      const { seconds = 0, requestsPerSecond = 0 } = rates?.store ?? {};
      return sum + seconds * requestsPerSecond;
    }, 0);
    expect(counted).toBeCloseTo(5, 6);

    // From 0 to 0 across the outage: only who knows of the gap shows no rate.
    await store.resetStats();
    await vi.waitUntil(() => jsonLines(json).at(-1)?.stats?.requests === 0, WAIT);
    await store.stop();
    await vi.waitUntil(() => jsonLines(json).at(-1)?.error === 'nothing listens there', WAIT);
    await vi.waitUntil(() => lines.stdout().includes('no answer from'), WAIT);
    store = await startStore(Number(new URL(store.baseUrl).port));
    await vi.waitUntil(() => jsonLines(json).at(-1)?.stats?.requests === 0, WAIT);
    await vi.waitUntil(() => /answers again\n[\s\S]*\n$/.test(lines.stdout()), WAIT);

    const all = jsonLines(json);
    const back = all.findLastIndex(({ error }) => error !== null) + 1;
    expect(all[back]?.rates?.store).toBeNull();
    for (const { child } of tops) child.kill('SIGINT');
    expect(await Promise.all(tops.map(({ exited }) => exited))).toEqual([0, 0]);
    expect(lines.stdout()).not.toContain('\u001b');
    expect(lines.stdout().match(/no answer/g)).toHaveLength(1);
    expect(lines.stdout().split('\n')[1]).toMatch(/^time +req\/s +hit%/);
    expect(json.stderr() + lines.stderr()).toBe('');
  });
});

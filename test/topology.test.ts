import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as RedisClient } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTime } from '../lab/provision/reap.mjs';
import { openTopology } from '../lab/provision/redis-start.ts';
import type { RedisNode, RedisTopology } from '../lab/provision/redis-topology.ts';
import type { RedisProgram } from '../lab/provision/redis.ts';
import { createSupervisor, runFiles, type Supervisor } from '../lab/provision/supervisor.ts';
import { requireTool, testStack } from './stack.ts';

// A path with a space, as checkouts may have.
let root = '';
let supervisor: Supervisor;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cachelab test '));
  supervisor = createSupervisor({ root, handleSignals: false });
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(root, { recursive: true, force: true });
});

async function program(skip: (reason: string) => never): Promise<RedisProgram> {
  const tool = requireTool((await testStack()).redisServer, 'redis-server', skip);
  return { ...tool, origin: 'the tests', version: '0' };
}

/** Polls a state of the system that no event tells; the limit is for a machine that is busy. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`not in 20 s: ${what}`);
    await sleep(25);
  }
}

async function command(node: { url: string }, name: string, ...args: string[]): Promise<unknown> {
  const client = new RedisClient(node.url, { maxRetriesPerRequest: 1 });
  client.on('error', () => {});
  try {
    return await client.call(name, args);
  } finally {
    client.disconnect();
  }
}

async function primaryOf(topology: RedisTopology, key?: string): Promise<RedisNode> {
  const node = await topology.primary(key);
  if (node === null) throw new Error('there is no primary');
  return node;
}

test('three topologies start side by side on ports from 20000 to 22767, lose their primaries, and stop: Sentinel and Cluster elect another primary, replication has none until it is promoted by hand', async (context) => {
  const redis = await program(context.skip);
  const startedMs = performance.now();
  const [replicated, sentinel, cluster] = await Promise.all([
    openTopology({ supervisor, program: redis, kind: 'replicated' }),
    openTopology({ supervisor, program: redis, kind: 'sentinel', links: true }),
    openTopology({ supervisor, program: redis, kind: 'cluster' }),
  ]);
  const all = [replicated, sentinel, cluster];
  expect(all.map(({ nodes, sentinels }) => [nodes.length, sentinels.length])).toEqual([
    [3, 0],
    [3, 3],
    [6, 0],
  ]);
  const ports = all.flatMap((one) => [...one.nodes, ...one.sentinels].map(({ port }) => port));
  expect(new Set(ports).size).toBe(15);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThanOrEqual(22_767);
  const ofSentinels = sentinel.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  expect(sentinel.url).toBe(`redis+sentinel://${ofSentinels}/cachelab`);
  expect(cluster.url).toMatch(/^redis\+cluster:\/\/(127\.0\.0\.1:\d+,?){6}$/);

  expect((await primaryOf(replicated)).name).toBe('redis-1');
  const watched = await primaryOf(sentinel);
  expect(watched.name).toBe('redis-1');
  // Slots of the keys: a 15495, b 3300, c 7365.
  const owner = await primaryOf(cluster, 'a');
  const others = [await primaryOf(cluster, 'b'), await primaryOf(cluster, 'c')];
  expect([owner, ...others].map(({ name }) => name)).toEqual(['redis-3', 'redis-1', 'redis-2']);
  await command(owner, 'SET', 'a', 'kept');
  expect(await command(owner, 'WAIT', '1', '5000')).toBe(1);
  expect(await command(owner, 'CONFIG', 'GET', 'save')).toEqual(['save', '']);
  const startMs = performance.now() - startedMs;

  const before = owner.pid;
  await Promise.all([replicated.nodes[0]?.kill(), owner.kill()]);
  watched.cut();
  expect(() => owner.cut()).toThrow(/redis-3 has no link/);
  await until('another primary of each', async () => {
    const now = await Promise.all([sentinel.primary(), cluster.primary('a')]);
    return now.every((node) => node !== null) && now[0] !== watched && now[1] !== owner;
  });
  expect(await replicated.primary()).toBeNull();
  await replicated.failover();
  expect((await primaryOf(replicated)).name).toBe('redis-2');
  await command(replicated, 'SET', 'b', 'by its address');
  expect(await command(await primaryOf(replicated), 'GET', 'b')).toBe('by its address');
  expect(await command(await primaryOf(cluster, 'a'), 'GET', 'a')).toBe('kept');
  await owner.restart();
  expect(owner.pid).not.toBe(before);
  expect((await primaryOf(cluster, 'a')).name).toBe('redis-6');

  const endedMs = performance.now();
  await Promise.all(all.map((topology) => topology.stop()));
  // Some 4 s on a quiet machine.
  expect(startMs + performance.now() - endedMs).toBeLessThan(40_000);
  expect(runFiles(root)[0]?.run.processes).toEqual([]);
  expect(readdirSync(supervisor.runFolder)).toEqual([]);
});

test('arguments go to the data nodes; a frozen primary is not the primary until it goes on', async (context) => {
  const redis = await program(context.skip);
  const args = ['--maxmemory', '8mb'];
  const topology = await openTopology({ supervisor, program: redis, kind: 'replicated', args });
  for (const node of topology.nodes) {
    const answer = await command(node, 'CONFIG', 'GET', 'maxmemory');
    expect(answer).toEqual(['maxmemory', String(8 << 20)]);
  }
  const node = await primaryOf(topology);
  node.freeze();
  expect(await topology.primary()).toBeNull();
  node.thaw();
  await until('the same primary', async () => (await topology.primary())?.name === 'redis-1');
});

test('a kill -9 of the lab leaves no node of a topology, and no folder', async (context) => {
  const redis = await program(context.skip);
  const script = join(root, 'lab.mts');
  const [start, supervise] = ['redis-start.ts', 'supervisor.ts'].map((name) =>
    JSON.stringify(join(import.meta.dirname, '..', 'lab', 'provision', name)),
  );
  writeFileSync(
    script,
    `import { openTopology } from ${start};
     import { createSupervisor } from ${supervise};
     const supervisor = createSupervisor({ root: ${JSON.stringify(root)} });
     const topology = await openTopology({ supervisor, program: ${JSON.stringify(redis)}, kind: 'replicated' });
     topology.nodes[1].freeze();
     console.log(JSON.stringify({
       folder: supervisor.runFolder,
       pids: [...topology.nodes, ...topology.sentinels].map(({ pid }) => pid),
     }));
     setInterval(() => {}, 1000);`,
  );
  const lab = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  try {
    for await (const line of createInterface(lab.stdout)) {
      const { folder, pids }: { folder: string; pids: number[] } = JSON.parse(line);
      expect(pids.filter((pid) => startTime(pid) !== null)).toHaveLength(3);
      lab.kill('SIGKILL');
      await until('no node is left', () => pids.every((pid) => startTime(pid) === null));
      await until('no folder is left', () => !existsSync(folder));
    }
  } finally {
    lab.kill('SIGKILL');
  }
});

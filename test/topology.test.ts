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
import type { RedisNode, RedisTopology, TopologyKind } from '../lab/provision/redis-topology.ts';
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

async function command(node: RedisNode, name: string, ...args: string[]): Promise<unknown> {
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

test('three topologies start and stop side by side in less than 15 s: 1+2, 1+2 with 3 sentinels, 3+3, on ports from 20000 to 22767, with nothing on disk', async (context) => {
  const redis = await program(context.skip);
  const startedMs = Date.now();
  const kinds: TopologyKind[] = ['replicated', 'sentinel', 'cluster'];
  const all = await Promise.all(
    kinds.map((kind) => openTopology({ supervisor, program: redis, kind })),
  );
  const [replicated, sentinel, cluster] = all;
  expect(all.map(({ nodes, sentinels }) => [nodes.length, sentinels.length])).toEqual([
    [3, 0],
    [3, 3],
    [6, 0],
  ]);
  const ports = all.flatMap(({ nodes, sentinels }) =>
    [...nodes, ...sentinels].map(({ port }) => port),
  );
  expect(new Set(ports).size).toBe(15);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThanOrEqual(22_767);

  const ofSentinels = sentinel?.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  expect(sentinel?.url).toBe(`redis+sentinel://${ofSentinels}/cachelab`);
  expect(cluster?.url).toMatch(/^redis\+cluster:\/\/(127\.0\.0\.1:\d+,?){6}$/);
  expect(replicated?.url).toBe(replicated?.nodes[0]?.url);
  expect((await replicated?.primary())?.name).toBe('redis-1');
  expect((await sentinel?.primary())?.name).toBe('redis-1');
  // Slots of the keys: a 15495, b 3300, c 7365.
  const owners = await Promise.all(['a', 'b', 'c'].map((key) => cluster?.primary(key)));
  expect(owners.map((node) => node?.name)).toEqual(['redis-3', 'redis-1', 'redis-2']);
  await command(owners[0]!, 'SET', 'a', 'kept');
  expect(await command(owners[0]!, 'WAIT', '1', '5000')).toBe(1);
  expect(await command(owners[0]!, 'CONFIG', 'GET', 'save')).toEqual(['save', '']);

  await Promise.all(all.map((topology) => topology.stop()));
  expect(Date.now() - startedMs).toBeLessThan(15_000);
  expect(runFiles(root)[0]?.run.processes).toEqual([]);
  expect(readdirSync(supervisor.runFolder)).toEqual([]);
});

test('arguments go to the data nodes, and not to the sentinels', async (context) => {
  const topology = await openTopology({
    supervisor,
    program: await program(context.skip),
    kind: 'sentinel',
    args: ['--maxmemory', '8mb'],
  });
  for (const node of topology.nodes) {
    expect(await command(node, 'CONFIG', 'GET', 'maxmemory')).toEqual([
      'maxmemory',
      String(8 << 20),
    ]);
  }
  expect(topology.sentinels).toHaveLength(3);
});

test('when its primary is killed, Sentinel and Cluster have another one, replication has none; back on its port the old one is a replica', async (context) => {
  const redis = await program(context.skip);
  const kinds: TopologyKind[] = ['replicated', 'sentinel', 'cluster'];
  const [replicated, ...others] = await Promise.all(
    kinds.map((kind) => openTopology({ supervisor, program: redis, kind })),
  );
  const goneForGood = await primaryOf(replicated!);
  await goneForGood.kill();
  await Promise.all(
    others.map(async (topology) => {
      const old = await primaryOf(topology, 'a');
      const { pid } = old;
      await old.kill();
      await until('another primary', async () => {
        const now = await topology.primary('a');
        return now !== null && now.name !== old.name;
      });
      await old.restart();
      expect(old.pid).not.toBe(pid);
      await until('the old one is a replica', async () =>
        String(await command(old, 'ROLE')).startsWith('slave'),
      );
    }),
  );
  expect(await replicated?.primary()).toBeNull();
});

test('a frozen primary is not the primary', async (context) => {
  const topology = await openTopology({
    supervisor,
    program: await program(context.skip),
    kind: 'replicated',
  });
  const node = await primaryOf(topology);
  node.freeze();
  expect(await topology.primary()).toBeNull();
  node.thaw();
  expect((await topology.primary())?.name).toBe('redis-1');
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
     const topology = await openTopology({ supervisor, program: ${JSON.stringify(redis)}, kind: 'sentinel' });
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
      expect(pids.filter((pid) => startTime(pid) !== null)).toHaveLength(6);
      lab.kill('SIGKILL');
      await until('no node is left', () => pids.every((pid) => startTime(pid) === null));
      await until('no folder is left', () => !existsSync(folder));
    }
  } finally {
    lab.kill('SIGKILL');
  }
});

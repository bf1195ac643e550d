import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOf, startCluster } from './redis-cluster.ts';
import { type RunningNode, type StartNode, startNode } from './redis-node.ts';
import { mostFollowed, startReplication } from './redis-replication.ts';
import { namedBySentinels, SENTINEL_NAME, startSentinels } from './redis-sentinel.ts';
import type { RedisTopology, TopologyKind } from './redis-topology.ts';
import type { RedisProgram } from './redis.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Starts the processes of a topology and waits until they agree, which takes 1 to 5 s.
 * @param options - `args`: of each data node's command line, after the lab's own settings.
 * @throws LabError `E_REDIS_START`, `E_NO_PORT`, or `E_TOPOLOGY` when they do not agree in time. Nothing is left running then.
 */
export async function openTopology(options: {
  supervisor: Supervisor;
  program: RedisProgram;
  kind: TopologyKind;
  args?: readonly string[];
}): Promise<RedisTopology> {
  const { supervisor, program, kind, args = [] } = options;
  const folder = join(supervisor.runFolder, `${kind}-${randomBytes(3).toString('hex')}`);
  const started: RunningNode[] = [];
  const starting = new Set<Promise<RunningNode>>();
  const start: StartNode = async (node) => {
    const own = startNode({
      ...{ supervisor, program, folder, ...node },
      args: node.sentinel === true ? [] : args,
    });
    starting.add(own);
    const running = await own;
    started.push(running);
    return running;
  };
  const stop = async (): Promise<void> => {
    // Also those that were still on their way when another failed.
    await Promise.allSettled(starting);
    await Promise.all(started.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await form(kind, start)), kind, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function form(
  kind: TopologyKind,
  start: StartNode,
): Promise<Pick<RedisTopology, 'url' | 'nodes' | 'sentinels' | 'primary'>> {
  if (kind === 'replicated') {
    const nodes = await startReplication(start);
    const url = nodes[0]?.url ?? '';
    return { url, nodes, sentinels: [], primary: () => mostFollowed(nodes) };
  }
  if (kind === 'sentinel') {
    const { nodes, sentinels } = await startSentinels(start);
    const url = `redis+sentinel://${addresses(sentinels)}/${SENTINEL_NAME}`;
    return { url, nodes, sentinels, primary: () => namedBySentinels(nodes, sentinels) };
  }
  const nodes = await startCluster(start);
  const url = `redis+cluster://${addresses(nodes)}`;
  return { url, nodes, sentinels: [], primary: (key = '') => ownerOf(nodes, key) };
}

function addresses(nodes: readonly RunningNode[]): string {
  return nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
}

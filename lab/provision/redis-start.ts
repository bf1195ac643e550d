import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLink } from '../link.ts';
import { failoverOfShard, ownerOf, startCluster } from './redis-cluster.ts';
import { type RunningNode, type StartNode, startNode } from './redis-node.ts';
import { mostFollowed, promoteByHand, startReplication } from './redis-replication.ts';
import {
  failoverBySentinels,
  namedBySentinels,
  SENTINEL_NAME,
  startSentinels,
} from './redis-sentinel.ts';
import type { RedisTopology, TopologyKind } from './redis-topology.ts';
import type { RedisProgram } from './redis.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Starts the processes of a topology and waits until they agree, which takes 1 to 5 s.
 * @param options - `args`: of each data node's command line, after the lab's own settings. `links`: data nodes can be cut off.
 * @throws LabError `E_REDIS_START`, `E_NO_PORT`, or `E_TOPOLOGY` when they do not agree in time. Nothing is left running then.
 */
export async function openTopology(options: {
  supervisor: Supervisor;
  program: RedisProgram;
  kind: TopologyKind;
  args?: readonly string[];
  links?: boolean;
}): Promise<RedisTopology> {
  const { supervisor, program, kind, args = [], links = false } = options;
  const folder = join(supervisor.runFolder, `${kind}-${randomBytes(3).toString('hex')}`);
  const started: RunningNode[] = [];
  const starting = new Set<Promise<RunningNode>>();
  const start: StartNode = async (node) => {
    const own = startNode({
      ...{ supervisor, program, folder, ...node },
      args: node.sentinel === true ? [] : args,
      linked: links && node.sentinel !== true,
    });
    starting.add(own);
    const running = await own;
    started.push(running);
    return running;
  };
  let address: Awaited<ReturnType<typeof openLink>> | null = null;
  const stop = async (): Promise<void> => {
    await address?.close();
    // Also those that were still on their way when another failed.
    await Promise.allSettled(starting);
    await Promise.all(started.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (kind === 'replicated') address = await openLink('redis://127.0.0.1:1');
    return { ...(await form(kind, start, address)), kind, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function form(
  kind: TopologyKind,
  start: StartNode,
  address: Awaited<ReturnType<typeof openLink>> | null,
): Promise<Omit<RedisTopology, 'kind' | 'stop'>> {
  if (kind === 'sentinel') {
    const { nodes, sentinels } = await startSentinels(start);
    return {
      ...{ nodes, sentinels },
      url: `redis+sentinel://${addresses(sentinels)}/${SENTINEL_NAME}`,
      primary: () => namedBySentinels(nodes, sentinels),
      failover: () => failoverBySentinels(sentinels),
    };
  }
  if (kind === 'cluster') {
    const nodes = await startCluster(start);
    return {
      ...{ nodes, sentinels: [] },
      url: `redis+cluster://${addresses(nodes)}`,
      primary: (key = '') => ownerOf(nodes, key),
      failover: (key = '') => failoverOfShard(nodes, key),
    };
  }
  const nodes = await startReplication(start);
  const lead = ({ place }: RunningNode): void => address?.lead(`redis://127.0.0.1:${place.port}`);
  lead(nodes[0]!);
  return {
    ...{ nodes, sentinels: [] },
    url: address?.url ?? '',
    primary: () => mostFollowed(nodes),
    failover: async () => lead(await promoteByHand(nodes)),
  };
}

function addresses(nodes: readonly RunningNode[]): string {
  return nodes.map(({ place }) => `127.0.0.1:${place.port}`).join(',');
}

import type { BenchContext } from './bench-context.ts';
import { ownRedisProgram } from './own-redis.ts';
import { openTopology } from './provision/redis-start.ts';
import type { RedisTopology, TopologyKind } from './provision/redis-topology.ts';

/**
 * Nodes for one trial, on loopback, all ended with it.
 * @param args - Of each data node, after the lab's own. @param links - Data nodes can be cut off.
 * @throws LabError `E_OWN_REDIS` where no redis-server program is to be had; else as `openTopology`.
 */
export async function startTopology(
  context: BenchContext,
  kind: TopologyKind,
  args: readonly string[],
  links: boolean,
): Promise<RedisTopology> {
  const { supervisor } = context;
  return openTopology({ supervisor, program: await ownRedisProgram(context), kind, args, links });
}

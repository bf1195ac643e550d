import type { BenchContext } from './bench-context.ts';
import { LabError } from './errors.ts';
import type { RedisTopology, TopologyKind } from './provision/redis-topology.ts';

/**
 * Nodes for one trial, on loopback, all ended with it.
 * @param args - Of each data node, after the lab's own.
 * @throws LabError `E_OWN_REDIS` where no redis-server program is to be had.
 */
export function startTopology(
  _context: BenchContext,
  kind: TopologyKind,
  _args: readonly string[],
): Promise<RedisTopology> {
  throw new LabError('E_TOPOLOGY', `${kind} cannot be started yet`);
}

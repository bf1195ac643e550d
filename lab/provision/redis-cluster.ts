import { LabError } from '../errors.ts';
import { ask, field, items, probe, settled } from './redis-ask.ts';
import type { RunningNode, StartNode } from './redis-node.ts';
import { dataSettings, elected, replicaState } from './redis-replication.ts';

const PRIMARIES = 3;
const NODES = 6;
const SLOTS = 16_384;
/** Silence after which a node takes another for dead. Redis's default is 15 s. */
const NODE_TIMEOUT_MS = 2000;

/** Three primaries with a third of the slots each, which are the first, and a replica of each in the same order. */
export async function startCluster(start: StartNode): Promise<RunningNode[]> {
  const nodes = await Promise.all(
    Array.from({ length: NODES }, (_, index) =>
      start({
        name: `redis-${index + 1}`,
        callsOthers: true,
        settings: (place) => [
          ...dataSettings(place),
          'cluster-enabled yes',
          'cluster-config-file nodes.conf',
          `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
          'cluster-announce-ip 127.0.0.1',
          `cluster-announce-port ${place.port}`,
          `cluster-announce-bus-port ${place.busPort}`,
          // The shards that live go on while another has no primary, and a replica that was cut off long ago may stand in.
          'cluster-require-full-coverage no',
          'cluster-replica-validity-factor 0',
        ],
      }),
    ),
  );
  const primaries = nodes.slice(0, PRIMARIES);
  const replicas = nodes.slice(PRIMARIES);
  await Promise.all(
    nodes.map(async ({ port }, index) => {
      // Alike epochs of two primaries would have to be sorted out when they meet.
      await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      if (index < PRIMARIES) await ask(port, 'CLUSTER', 'ADDSLOTS', ...slotsOf(index));
    }),
  );
  const [first, ...others] = nodes;
  for (const { place } of others) {
    const ports = [String(place.port), String(place.busPort)];
    await ask(first?.port ?? 0, 'CLUSTER', 'MEET', '127.0.0.1', ...ports);
  }
  await settled('the nodes of the cluster know each other', async () => {
    const infos = await Promise.all(nodes.map(({ port }) => ask(port, 'CLUSTER', 'INFO')));
    return infos.every((info) => field(info, 'cluster_known_nodes') === String(NODES));
  });
  await Promise.all(
    replicas.map(async ({ port }, index) => {
      const id = await ask(primaries[index]?.port ?? 0, 'CLUSTER', 'MYID');
      await ask(port, 'CLUSTER', 'REPLICATE', String(id));
    }),
  );
  await settled('the cluster serves all slots with a replica each', async () => {
    const states = await Promise.all(replicas.map(({ port }) => replicaState(port)));
    if (states.some((state) => state !== 'connected')) return false;
    const views = await Promise.all(nodes.map(({ port }) => view(port)));
    return views.every(
      ({ isOk, shards }) => isOk && shards.length === PRIMARIES && shards.every(hasReplica),
    );
  });
  return nodes;
}

/** The owner of a key's slot in the view of most of the living nodes. */
export async function ownerOf(
  nodes: readonly RunningNode[],
  key: string,
): Promise<RunningNode | null> {
  const votes = await Promise.all(
    nodes.map(async ({ port }) => {
      const slot = Number((await probe(port, 'CLUSTER', 'KEYSLOT', key)) ?? Number.NaN);
      const { shards } = await view(port);
      return shards.find(({ from, to }) => slot >= from && slot <= to)?.primaryPort ?? 0;
    }),
  );
  return elected(nodes, votes);
}

/**
 * Has a replica take over from the owner of a key's slot, which lives.
 * @throws LabError `E_TOPOLOGY`
 */
export async function failoverOfShard(nodes: readonly RunningNode[], key: string): Promise<void> {
  const owner = await ownerOf(nodes, key);
  for (const { port } of nodes) {
    const [role, , primaryPort] = items(await probe(port, 'ROLE'));
    if (owner === null || role !== 'slave' || Number(primaryPort) !== owner.place.port) continue;
    await ask(port, 'CLUSTER', 'FAILOVER');
    return;
  }
  throw new LabError('E_TOPOLOGY', 'the shard has no replica that could take over');
}

function slotsOf(shard: number): string[] {
  const from = Math.ceil((shard * SLOTS) / PRIMARIES);
  const to = Math.ceil(((shard + 1) * SLOTS) / PRIMARIES);
  return Array.from({ length: to - from }, (_, index) => String(from + index));
}

interface Shard {
  from: number;
  to: number;
  primaryPort: number;
  replicas: number;
}

const hasReplica = ({ replicas }: Shard): boolean => replicas > 0;

/** What one node knows of the cluster; nothing without an answer. */
async function view(port: number): Promise<{ isOk: boolean; shards: Shard[] }> {
  const [info, slots] = await Promise.all([
    probe(port, 'CLUSTER', 'INFO'),
    probe(port, 'CLUSTER', 'SLOTS'),
  ]);
  const shards = items(slots).map((entry) => {
    const [from, to, primary, ...replicas] = items(entry);
    const primaryPort = Number(items(primary)[1]);
    return { from: Number(from), to: Number(to), primaryPort, replicas: replicas.length };
  });
  return { isOk: field(info, 'cluster_state') === 'ok', shards };
}

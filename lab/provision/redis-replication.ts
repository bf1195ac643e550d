import { LabError } from '../errors.ts';
import { ask, items, probe, settled } from './redis-ask.ts';
import type { Place, RunningNode, StartNode } from './redis-node.ts';

const REPLICAS = 2;

/** Settings of every data node: nothing on disk, and a name that the others can reach it by. */
export function dataSettings({ port }: Place): string[] {
  return [
    'save ""',
    'appendonly no',
    'replica-announce-ip 127.0.0.1',
    `replica-announce-port ${port}`,
    // By default a primary waits 5 s for more replicas before it sends the first one its data.
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    // A cluster does not name a replica that has heard nothing from its primary; an idle one speaks every 10 s by default.
    'repl-ping-replica-period 1',
  ];
}

/** A primary, which is the first, and two replicas that have its data. */
export async function startReplication(start: StartNode): Promise<RunningNode[]> {
  const primary = await start({ name: 'redis-1', settings: dataSettings });
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, (_, index) =>
      start({
        name: `redis-${index + 2}`,
        settings: (place) => [...dataSettings(place), `replicaof 127.0.0.1 ${primary.place.port}`],
      }),
    ),
  );
  await settled('both replicas have the data of the primary', async () => {
    const states = await Promise.all(replicas.map(({ port }) => replicaState(port)));
    return states.every((state) => state === 'connected');
  });
  return [primary, ...replicas];
}

/** `connected` once a replica has its primary's data; null of a primary, and without an answer. */
export async function replicaState(port: number): Promise<string | null> {
  const [role, , , state] = items(await probe(port, 'ROLE'));
  return role === 'slave' ? String(state) : null;
}

/** Whether a node answers now and takes writes. */
async function isPrimary({ port }: { port: number }): Promise<boolean> {
  const [role] = items(await probe(port, 'ROLE'));
  return role === 'master';
}

/**
 * Promotes the first replica that lives; the others that live follow it.
 * @throws LabError `E_TOPOLOGY`
 */
export async function promoteByHand(nodes: readonly RunningNode[]): Promise<RunningNode> {
  for (const node of nodes) {
    if ((await replicaState(node.port)) === null) continue;
    await ask(node.port, 'REPLICAOF', 'NO', 'ONE');
    const port = String(node.place.port);
    const others = nodes.filter((other) => other !== node);
    await Promise.all(others.map((other) => probe(other.port, 'REPLICAOF', '127.0.0.1', port)));
    return node;
  }
  throw new LabError('E_TOPOLOGY', 'no replica is left that could be promoted');
}

/** The primary that most of the living nodes follow; a node follows itself while it is one. */
export async function mostFollowed(nodes: readonly RunningNode[]): Promise<RunningNode | null> {
  const votes = await Promise.all(
    nodes.map(async ({ port, place }) => {
      // `master`, offset, replicas; or `slave`, host, port of the primary, state.
      const [role, , primaryPort] = items(await probe(port, 'ROLE'));
      return role === 'master' ? place.port : Number(primaryPort ?? 0);
    }),
  );
  return elected(nodes, votes);
}

/** The node with the most votes, which are the ports that others know, if it takes writes; null otherwise. */
export async function elected(
  nodes: readonly RunningNode[],
  votes: readonly number[],
): Promise<RunningNode | null> {
  const count = ({ place }: RunningNode): number =>
    votes.filter((vote) => vote === place.port).length;
  const [most] = nodes.toSorted((a, b) => count(b) - count(a));
  if (most === undefined || count(most) === 0) return null;
  return (await isPrimary(most)) ? most : null;
}

import { LabError } from '../errors.ts';
import { ask, field, items, probe, settled } from './redis-ask.ts';
import type { RunningNode, StartNode } from './redis-node.ts';
import { elected, startReplication } from './redis-replication.ts';

const SENTINELS = 3;
const QUORUM = 2;
/** Name that clients ask the sentinels for. */
export const SENTINEL_NAME = 'cachelab';
/** Silence after which a sentinel takes a node for dead. Redis's default is 30 s. */
const DOWN_AFTER_MS = 1000;
/** Redis's default is 180 s. */
const FAILOVER_TIMEOUT_MS = 10_000;

/** A primary with two replicas, and three sentinels that have met. */
export async function startSentinels(
  start: StartNode,
): Promise<{ nodes: RunningNode[]; sentinels: RunningNode[] }> {
  const nodes = await startReplication(start);
  const primaryPort = nodes[0]?.place.port ?? 0;
  // The replicas first: a sentinel asks a new primary for its replicas at once, and again only after 10 s.
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, (_, index) =>
      start({
        name: `sentinel-${index + 1}`,
        sentinel: true,
        settings: ({ port }) => [
          'sentinel announce-ip 127.0.0.1',
          `sentinel announce-port ${port}`,
          `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
          `sentinel down-after-milliseconds ${SENTINEL_NAME} ${DOWN_AFTER_MS}`,
          `sentinel failover-timeout ${SENTINEL_NAME} ${FAILOVER_TIMEOUT_MS}`,
        ],
      }),
    ),
  );
  await settled('the sentinels know each other and both replicas', async () => {
    const whole = `status=ok,address=127.0.0.1:${primaryPort},slaves=${nodes.length - 1},sentinels=${SENTINELS}`;
    const infos = await Promise.all(sentinels.map(({ port }) => ask(port, 'INFO', 'sentinel')));
    return infos.every((info) => field(info, 'master0').endsWith(whole));
  });
  return { nodes, sentinels };
}

/** The node that most of the living sentinels name. */
export async function namedBySentinels(
  nodes: readonly RunningNode[],
  sentinels: readonly RunningNode[],
): Promise<RunningNode | null> {
  const votes = await Promise.all(
    sentinels.map(async ({ port }) => {
      const reply = await probe(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', SENTINEL_NAME);
      return Number(items(reply)[1] ?? 0);
    }),
  );
  return elected(nodes, votes);
}

/**
 * Has the sentinels elect another primary, though this one lives.
 * @throws LabError `E_TOPOLOGY`
 */
export async function failoverBySentinels(sentinels: readonly RunningNode[]): Promise<void> {
  for (const { port } of sentinels) {
    const answer = await probe(port, 'SENTINEL', 'FAILOVER', SENTINEL_NAME);
    if (answer === 'OK') return;
  }
  throw new LabError('E_TOPOLOGY', 'no sentinel takes the command to fail over');
}

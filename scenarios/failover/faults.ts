import { Redis } from 'ioredis';
import type { Hands } from '../../lab/protocol.ts';
import { AWAY_MS, type Fault, FAULTS, OPERATOR_MS, RESTART_AFTER_MS } from './arms.ts';
import type { RedisNode } from './replicas.ts';

type RedisTopology = NonNullable<Hands['topology']>;

/** When the fault came and when the old primary was back, by the clock of the journals. */
export interface Struck {
  faultUs: number;
  /** Null: it was never away. */
  backUs: number | null;
}

/** A node, or a lone Redis. */
interface Victim {
  away(fault: Exclude<Fault, 'command'>): Promise<void> | void;
  back(fault: Exclude<Fault, 'command'>): Promise<void> | void;
}

/**
 * Takes the primary away and lets it come back; where nobody else does, promotes another by hand meanwhile.
 * @param node - The primary; null for a lone Redis. @param key - One of its keys.
 */
export async function strike(
  hands: Hands,
  fault: Fault,
  node: RedisNode | null,
  key: string,
): Promise<Struck> {
  const { topology } = hands;
  const faultUs = hands.nowUs();
  hands.event('fault', FAULTS[fault]);
  if (fault === 'command') {
    if (topology === null) throw new Error('a lone Redis has nobody to fail over to');
    await topology.failover(key);
    return { faultUs, backUs: null };
  }
  const victim = topology === null ? loneRedis(hands) : nodeOf(node);
  await victim.away(fault);
  let waitMs = fault === 'kill' ? RESTART_AFTER_MS : AWAY_MS;
  if (topology?.kind === 'replicated') {
    await hands.sleep(OPERATOR_MS);
    await topology.failover();
    hands.event('heal', 'a replica is promoted by hand');
    waitMs -= OPERATOR_MS;
  } else if (topology === null && fault === 'kill') waitMs = OPERATOR_MS;
  await hands.sleep(waitMs);
  await victim.back(fault);
  hands.event('heal', 'the old primary is back');
  const backUs = hands.nowUs();
  if (topology?.kind === 'replicated' && node !== null) await demote(topology, node);
  return { faultUs, backUs };
}

function loneRedis({ ownRedis, links }: Hands): Victim {
  if (ownRedis === null) throw new Error('the arm has no Redis of its own');
  return {
    away(fault) {
      if (fault === 'kill') return ownRedis.kill();
      return fault === 'freeze' ? ownRedis.freeze() : links.redis?.cut();
    },
    back(fault) {
      if (fault === 'kill') return ownRedis.restart();
      return fault === 'freeze' ? ownRedis.thaw() : links.redis?.heal();
    },
  };
}

function nodeOf(node: RedisNode | null): Victim {
  if (node === null) throw new Error('there was no primary before the fault');
  return {
    away(fault) {
      if (fault === 'kill') return node.kill();
      return fault === 'freeze' ? node.freeze() : node.cut();
    },
    back(fault) {
      if (fault === 'kill') return node.restart();
      return fault === 'freeze' ? node.thaw() : node.heal();
    },
  };
}

/** The old primary follows the new one, as the operator would have it. */
async function demote(topology: RedisTopology, old: RedisNode): Promise<void> {
  const now = await topology.primary();
  if (now === null || now === old) return;
  const client = new Redis(old.url);
  client.on('error', () => {}); // the command tells
  try {
    await client.replicaof('127.0.0.1', now.port);
  } finally {
    client.disconnect();
  }
}

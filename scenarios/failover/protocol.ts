import { Redis } from 'ioredis';
import type { Arm, ProfileDesign } from '../../lab/experiment.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import { storeSlug } from '../lib/stores.ts';
import { cellOf, FAULT_AT_MS, measuredSeconds, STORES } from './arms.ts';
import { strike } from './faults.ts';
import { ackedPerSecond, longestGapMs, lostWrites } from './figures.ts';
import { bucketPages, hitShares, type PageBuckets, perSecond, recoveryMs } from './pages.ts';
import { readReplicas, type RedisNode } from './replicas.ts';
import { startWriter, type Write } from './writers.ts';

/** Hash tags: in a cluster, of a key of the shard that is struck, and of one of another shard. */
const STRUCK = 'a';
const SPARED = 'b';
const WRITES_PER_SECOND = 100;
const SPARED_WRITES_PER_SECOND = 20;
const PRIMARY_WITHIN_MS = 15_000;
const READ_BACK = 500;
const HIT_SHARE_BEFORE = 0.9;

/** Pages and writes go on, the primary is taken away and comes back, then every acknowledged write is read back. */
export const protocol: Protocol = {
  seconds: (arm, design) => design.warmSeconds + secondsOf(arm, design) + 2,

  async run(hands) {
    const { topology } = hands;
    const cell = cellOf(hands.arm.name);
    const seconds = secondsOf(hands.arm, hands.design);
    for (let store = 1; store <= STORES; store += 1)
      await hands.servers[0]!.page(`/stores/${storeSlug(store)}/catalog`);
    const old = await primaryWhenThere(hands);
    const isCluster = topology?.kind === 'cluster';
    // The writers go where the servers go.
    const url = hands.links.redis?.url ?? hands.urls.redis;
    const writer = (tag: string, ratePerSecond: number): ReturnType<typeof startWriter> =>
      startWriter(hands, { url, client: cell.client, tag, ratePerSecond });
    const struck = await writer(STRUCK, WRITES_PER_SECOND);
    const spared = isCluster ? await writer(SPARED, SPARED_WRITES_PER_SECOND) : null;
    const replicas = readReplicas(hands, struck, replicasOf(hands, old), isCluster);

    const running = hands.load({ measureSeconds: seconds, extra: { stores: STORES } });
    await running.measureBegins;
    const startUs = hands.nowUs();
    await hands.sleep(FAULT_AT_MS);
    const { faultUs, backUs } = await strike(hands, cell.fault, old, STRUCK);
    const load = await running.done;
    const endUs = startUs + seconds * 1e6;
    await Promise.all([struck.stop(), spared?.stop()]);
    replicas.stop();

    const now = await primaryWhenThere(hands);
    const lost = lostWrites(struck.writes, await present(hands, struck.writes, now), backUs);
    const { counts, clientOutcomes } = load.measurement;
    const pages = counts.started + counts.dropped;
    const unanswered = pages - (counts.completed - counts.failed);
    const buckets = bucketPages(await hands.journals(), startUs, seconds);
    const recovered = recoveryMs(buckets, (faultUs - startUs) / 1000);
    return {
      load,
      problems: problemsBefore(struck.writes, buckets, { startUs, faultUs }),
      findings: {
        totals: {
          writes: struck.writes.length,
          ...lost,
          ...{ pages, unanswered, degraded: clientOutcomes.bypass ?? 0 },
          ...{ replicaReads: replicas.reads, staleReplicaReads: replicas.stale },
          // By Sentinel, by the cluster, or by hand.
          failovers: old === null || now === null || now === old ? 0 : 1,
        },
        samples: {
          outageMs: [longestGapMs(struck.writes, faultUs, endUs)],
          ...(spared === null
            ? {}
            : { sparedOutageMs: [longestGapMs(spared.writes, faultUs, endUs)] }),
          refusedWrites: [struck.writes.length - lost.acked],
          lostWrites: [lost.lost],
          lostAfterReturn: [lost.lostAfterReturn],
          unansweredPages: [unanswered],
          degradedShare: [(clientOutcomes.bypass ?? 0) / Math.max(1, pages)],
          ...(recovered === null ? {} : { hitRatioBackMs: [recovered] }),
          staleReplicaMs: [replicas.longestMs],
        },
        series: [
          { name: 'acknowledged', points: ackedPerSecond(struck.writes, startUs, seconds) },
          { name: 'hitShare', points: hitShares(buckets) },
          { name: 'degraded', points: perSecond(buckets.degraded) },
        ],
        notes: recovered === null ? ['the hit ratio was not back at the end'] : [],
      },
    };
  },
};

/** The fault has to meet a cache that is in use. */
function problemsBefore(
  writes: readonly Write[],
  buckets: PageBuckets,
  { startUs, faultUs }: { startUs: number; faultUs: number },
): string[] {
  const acked = writes.filter(({ ackUs }) => ackUs !== null && ackUs < faultUs).length;
  const before = hitShares(buckets).filter(([second]) => second * 1e6 < FAULT_AT_MS * 1000);
  const share = before.reduce((sum, [, hits]) => sum + hits, 0) / Math.max(1, before.length);
  const seconds = (faultUs - startUs) / 1e6;
  return [
    ...(acked < (WRITES_PER_SECOND * seconds) / 2
      ? [`only ${acked} writes were acknowledged before the fault`]
      : []),
    ...(share < HIT_SHARE_BEFORE
      ? [`only ${(share * 100).toFixed(0)} % of the pages came from the cache before the fault`]
      : []),
  ];
}

/** What the fault needs, if the design gives as much. */
function secondsOf({ name }: Pick<Arm, 'name'>, { measureSeconds }: ProfileDesign): number {
  return Math.min(measureSeconds, measuredSeconds(cellOf(name)));
}

/** The nodes that had the struck shard's data besides its primary. */
function replicasOf({ topology }: Hands, primary: RedisNode | null): readonly RedisNode[] {
  if (topology === null || primary === null) return [];
  if (topology.kind !== 'cluster') return topology.nodes.filter((node) => node !== primary);
  // Three primaries, then a replica of each in the same order.
  const replica = topology.nodes[topology.nodes.indexOf(primary) + topology.nodes.length / 2];
  return replica === undefined ? [] : [replica];
}

async function primaryWhenThere(hands: Hands): Promise<RedisNode | null> {
  const { topology } = hands;
  if (topology === null) return null;
  const deadlineUs = hands.nowUs() + PRIMARY_WITHIN_MS * 1000;
  for (;;) {
    const node = await topology.primary(STRUCK);
    if (node !== null || hands.nowUs() > deadlineUs) return node;
    await hands.sleep(100);
  }
}

/** Keys of the writes that whoever is the primary now has. */
async function present(
  hands: Hands,
  writes: readonly Write[],
  primary: RedisNode | null,
): Promise<Set<string>> {
  const url = primary?.url ?? hands.ownRedis?.url;
  const found = new Set<string>();
  if (url === undefined) return found;
  const client = new Redis(url);
  client.on('error', () => {}); // the command tells
  try {
    for (let from = 0; from < writes.length; from += READ_BACK) {
      const keys = writes.slice(from, from + READ_BACK).map(({ key }) => key);
      const values = await client.mget(keys);
      for (const [index, key] of keys.entries()) if (values[index] !== null) found.add(key);
    }
  } finally {
    client.disconnect();
  }
  return found;
}

import { Cluster } from 'ioredis';
import type { Arm } from '../../lab/experiment.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { rankOf } from '../clients/closed-loop.ts';
import { clientOf } from '../clients/ways.ts';
import {
  COLD_KEYS,
  coldKey,
  COPIES,
  copyKey,
  HOT_KEY,
  HOT_SHARE,
  valueOf,
  WRITE_EVERY_MS,
} from './keys.ts';
import { countNodes, type NodeWork } from './nodes.ts';
import { openReader, type ReaderName, READERS, type Store, writeHot } from './readers.ts';
import { runTraffic } from './traffic.ts';
import { openWatch } from './watch.ts';

/** How the arm reads. */
const readerOf = ({ parameters }: Pick<Arm, 'parameters'>): ReaderName =>
  READERS.find((name) => name === parameters?.['reader']) ?? 'plain';

/** Reads on a schedule beside one writer; what each node answered is taken from the nodes themselves. */
export const protocol: Protocol = {
  seconds: (arm, design) => design.measureSeconds + (arm.redis === 'cluster' ? 5 : 1),
  async run(hands) {
    const name = readerOf(hands.arm);
    const [reading, writing] = [openStore(hands), openStore(hands)];
    const primaries = (hands.topology?.nodes ?? [{ name: 'redis-1', url: hands.urls.redis }]).slice(
      0,
      3,
    );
    const counters = countNodes(primaries);
    try {
      await fill(writing.store);
      const reader = await openReader(name, reading.store, {
        random: hands.random,
        port: portOf(hands),
      });
      const watch = openWatch();
      await counters.begin();
      const { measureSeconds: seconds } = hands.design;
      const writer = startWriter(hands, name, writing.store, watch);
      const { reads, latenciesMs } = await runTraffic(
        { seconds, random: hands.random },
        reader,
        watch,
      );
      const written = await writer.stop();
      const nodes = await counters.end();
      const hotGets = reader.hotGets();
      reader.close();
      const expected = await expectedShares(hands, name, primaries);
      return {
        ...{ load: null, problems: [] },
        findings: findingsOf({
          nodes,
          reads,
          latenciesMs,
          hotGets,
          written,
          expected,
          seconds,
          watch,
        }),
      };
    } finally {
      counters.close();
      reading.close();
      writing.close();
    }
  },
};

/** Of the one Redis; a Cluster's address is a list. */
const portOf = ({ ownRedis }: Hands): number =>
  ownRedis === null ? 0 : Number(new URL(ownRedis.url).port);

function openStore(hands: Hands): { store: Store; close(): void } {
  const { topology } = hands;
  if (topology === null) {
    const store = clientOf(portOf(hands));
    return { store, close: () => store.disconnect() };
  }
  const nodes = topology.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const store = new Cluster(nodes, { clusterRetryStrategy: () => null });
  return { store, close: () => store.disconnect() };
}

/** Version 0 of everything that any arm reads. */
async function fill(store: Store): Promise<void> {
  const copies = Array.from({ length: COPIES }, (_, index) => copyKey(index));
  const cold = Array.from({ length: COLD_KEYS }, (_, index) => coldKey(index));
  await Promise.all([HOT_KEY, ...copies, ...cold].map((key) => store.set(key, valueOf(0))));
}

interface Written {
  writes: number;
  commands: number;
}

/** Changes the hot value again and again. */
function startWriter(
  hands: Hands,
  name: ReaderName,
  store: Store,
  watch: ReturnType<typeof openWatch>,
): { stop(): Promise<Written> } {
  const written: Written = { writes: 0, commands: 0 };
  let isOver = false;
  const run = async (): Promise<void> => {
    for (;;) {
      await hands.sleep(WRITE_EVERY_MS);
      if (isOver) return;
      const version = written.writes + 1;
      written.commands += await writeHot(name, store, version);
      written.writes = version;
      watch.acknowledged(version, performance.now());
    }
  };
  const running = run();
  return {
    async stop() {
      isOver = true;
      await running;
      return written;
    },
  };
}

/** Share of all GETs that each node should answer: hot keys by their owner, cold ones by the slots. */
async function expectedShares(
  { topology }: Hands,
  name: ReaderName,
  nodes: readonly { name: string }[],
): Promise<number[] | null> {
  if (topology === null || (name !== 'plain' && name !== 'copies')) return null;
  const keys =
    name === 'plain' ? [HOT_KEY] : Array.from({ length: COPIES }, (_, index) => copyKey(index));
  const owners = await Promise.all(keys.map((key) => topology.primary(key)));
  return nodes.map((node) => {
    const owned = owners.filter((owner) => owner?.name === node.name).length;
    return (HOT_SHARE * owned) / keys.length + (1 - HOT_SHARE) / nodes.length;
  });
}

function findingsOf(made: {
  nodes: readonly NodeWork[];
  reads: number;
  latenciesMs: readonly number[];
  hotGets: number;
  written: Written;
  expected: number[] | null;
  seconds: number;
  watch: ReturnType<typeof openWatch>;
}): Findings {
  const { nodes, reads, latenciesMs, hotGets, written, expected, seconds } = made;
  const { reads: hotReads, staleReads, backwardReads, longestStaleMs } = made.watch.result();
  const gets = nodes.reduce((sum, node) => sum + node.gets, 0);
  const busiestGets = Math.max(...nodes.map((node) => node.gets));
  const cpu = nodes.reduce((sum, node) => sum + node.cpuSeconds, 0);
  const samples: Findings['samples'] = {
    busiestPerRead: [busiestGets / reads],
    getsPerRead: [gets / reads],
    hotGets: [hotGets],
    hotGetsPerSecond: [hotGets / seconds],
    writes: [written.writes],
    commandsPerWrite: [written.commands / Math.max(1, written.writes)],
    staleShare: [staleReads / Math.max(1, hotReads)],
    longestStaleMs: [longestStaleMs],
    busiestCpuShare: [Math.max(...nodes.map((node) => node.cpuSeconds)) / cpu],
    p50Ms: [rankOf(latenciesMs, 0.5) ?? Number.NaN],
    p99Ms: [rankOf(latenciesMs, 0.99) ?? Number.NaN],
  };
  for (const [index, node] of nodes.entries()) {
    samples[`share/${node.name}`] = [node.gets / Math.max(1, gets)];
    const theory = expected?.[index];
    if (theory !== undefined) samples[`expected/${node.name}`] = [theory];
  }
  return {
    totals: { reads, gets, busiestGets, hotReads, staleReads, backwardReads, ...writesOf(written) },
    samples,
    series: [],
    notes: [],
  };
}

const writesOf = ({ writes, commands }: Written): Record<string, number> => ({
  writes,
  writeCommands: commands,
});

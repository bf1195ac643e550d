import { laneOf } from '../../lab/oracle/lane.ts';
import { historyOf, type StoreRows } from '../../lab/oracle/rows.ts';
import type { Hands, LoadResult, Protocol } from '../../lab/protocol.ts';
import { OUTCOMES } from '../../lab/result.ts';
import { poissonTimes } from '../../lab/theory/hit-ratio.ts';
import { storeSlug } from '../lib/stores.ts';
import { addCycles, cyclesOf, type CycleSums, type KeyRead } from './cycles.ts';
import { phasesOf, stratumOf, type Traffic, trafficOf } from './grid.ts';

/** Before it, k6 may still be starting. */
const SCATTER_FROM_MS = 1500;
const SCATTER_STEP_MS = 20;

/** Standard deviations by which the requests of a window may miss their number. */
const MOST_DEVIATIONS = 5;

/** Poisson requests on many pages, changes beside them where the arm has any, and each page's requests cut into cycles. */
export const protocol: Protocol = {
  seconds(arm, design) {
    const { warmSeconds, measureSeconds } = phasesOf(trafficOf(arm.name)!, design);
    return warmSeconds + measureSeconds + 2; // k6's start, and the pauses of the last requests
  },
  async run(hands) {
    const traffic = trafficOf(hands.arm.name);
    if (traffic === null) throw new Error(`no arm ${hands.arm.name} in this experiment`);
    const phases = phasesOf(traffic, hands.design);
    const choice = { stores: traffic.stores, popularity: 'zipf' };
    const load = hands.load({ ...phases, ...(traffic.stores === 1 ? {} : { extra: { choice } }) });
    const watch = async (): Promise<{ fromUs: number; result: LoadResult }> => {
      await load.measureBegins;
      const fromUs = hands.nowUs();
      return { fromUs, result: await load.done };
    };
    const [{ fromUs, result }, { sent, failed }] = await Promise.all([
      watch(),
      edit(hands, traffic, phases.warmSeconds + phases.measureSeconds),
      scatter(hands, traffic),
    ]);
    const journals = await hands.journals();
    const window = { fromUs, toUs: fromUs + phases.measureSeconds * 1e6 };
    const rate = result.measurement.offeredRatePerSecond ?? 0;
    const { totals, longestStaleSeconds, requests, others } = countCycles(
      historyOf(journals, [], false),
      window,
    );
    const expected = rate * phases.measureSeconds;
    const problems = [
      ...(Math.abs(requests - expected) > MOST_DEVIATIONS * Math.sqrt(expected)
        ? [`${requests} requests in the window, not about ${Math.round(expected)}`]
        : []),
      ...(others > 0 ? [`${others} requests were neither hit nor miss nor shared a load`] : []),
      ...(failed > 0 ? [`${failed} of ${sent} changes were not accepted`] : []),
    ];
    return {
      load: result,
      problems,
      findings: {
        totals: { ...totals, trials: 1, ratePerSecond: rate, updates: sent },
        samples: { longestStaleSeconds: [longestStaleSeconds] },
        series: [],
        notes: [],
      },
    };
  },
};

/**
 * Deletes each copy once, at a random moment of one TTL: copies that were all made in the first moments of the load would
 * end together, again and again, and a window would count too many of their ends or too few.
 */
async function scatter(hands: Hands, { stores, ttlMs }: Traffic): Promise<void> {
  if (stores === 1) return;
  const due = Array.from({ length: stores }, (_, index) => ({
    key: hands.catalogKey(storeSlug(index + 1)),
    atMs: hands.random() * ttlMs,
  })).sort((a, b) => a.atMs - b.atMs);
  await hands.sleep(SCATTER_FROM_MS);
  const beganUs = hands.nowUs();
  while (due.length > 0) {
    const nowMs = (hands.nowUs() - beganUs) / 1000;
    const keys = due.splice(0, due.filter(({ atMs }) => atMs <= nowMs).length);
    if (keys.length > 0) await hands.redis.del(...keys.map(({ key }) => key));
    await hands.sleep(SCATTER_STEP_MS);
  }
}

/** Changes at Poisson moments, each on a page drawn evenly from the hottest ones. */
async function edit(
  hands: Hands,
  { updatesPerSecond, updatedStores }: Traffic,
  seconds: number,
): Promise<{ sent: number; failed: number }> {
  if (updatesPerSecond === 0) return { sent: 0, failed: 0 };
  const client = await hands.connect();
  const slugs = Array.from({ length: updatedStores }, (_, index) => storeSlug(index + 1));
  const { rows } = await client.query<{ slug: string; id: number; price: number }>(
    `SELECT DISTINCT ON (s.id) s.slug, p.id, p.price::float8 AS price
       FROM cachelab.stores s JOIN cachelab.products p ON p.store_id = s.id
      WHERE s.slug = ANY ($1) ORDER BY s.id, p.id`,
    [slugs],
  );
  if (rows.length < updatedStores) {
    throw new Error(`${rows.length} stores with dishes, ${updatedStores} are needed (--stores)`);
  }
  const answers: Promise<boolean>[] = [];
  const beganUs = hands.nowUs();
  for (const atSeconds of poissonTimes(updatesPerSecond, seconds, hands.random)) {
    const row = rows[Math.floor(hands.random() * rows.length)]!;
    const waitMs = atSeconds * 1000 - (hands.nowUs() - beganUs) / 1000;
    if (waitMs > 1) await hands.sleep(waitMs);
    // The same price again is a change like any other: its version counts.
    const path = `/stores/${row.slug}/products/${row.id}/update-price`;
    answers.push(
      hands.servers[0]!.post(path, { price: row.price }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  }
  const failed = (await Promise.all(answers)).filter((accepted) => !accepted).length;
  return { sent: answers.length, failed };
}

/** Everything that the requests of the window say, by class of keys. */
function countCycles(
  stores: readonly StoreRows[],
  window: { fromUs: number; toUs: number },
): { totals: CycleSums; longestStaleSeconds: number; requests: number; others: number } {
  const totals: CycleSums = {};
  let [longestStaleSeconds, requests, others] = [0, 0, 0];
  for (const store of stores) {
    const lane = laneOf(store.writes);
    const reads: KeyRead[] = [];
    for (const { startUs, endUs, outcome: index, version } of store.reads) {
      if (startUs < window.fromUs || startUs >= window.toUs) continue;
      requests += 1;
      const outcome = OUTCOMES[index];
      if (outcome !== 'hit' && outcome !== 'miss' && outcome !== 'coalesced') {
        others += 1;
        continue;
      }
      const { count, oldestUs } = lane.missed(version, startUs);
      if (count > 0)
        longestStaleSeconds = Math.max(longestStaleSeconds, (startUs - oldestUs) / 1e6);
      reads.push({ start: startUs / 1e6, end: endUs / 1e6, outcome, stale: count > 0 });
    }
    addCycles(totals, stratumOf(rankOf(store.slug)), cyclesOf(reads));
  }
  return { totals, longestStaleSeconds, requests, others };
}

/** `store-00012` has rank 12; the story's page is the only one of its arms. */
function rankOf(slug: string): number {
  const digits = /^store-(\d+)$/.exec(slug)?.[1];
  return digits === undefined ? 1 : Number(digits);
}

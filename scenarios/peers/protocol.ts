import type { Hands, Protocol, ProtocolResult, ServerHandle } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { between, burstProblem, historyOf } from '../stampede/expiries.ts';
import { PATH, SLUG } from '../stampede/hot-page.ts';

const BURSTS = 4;
/** Below the 50 connections of each pool: nobody waits for one. */
const READERS = 40;
const EDITS = 3;
/** From the beginning of the load to the edit: the load is under way, and ends long after the commit. */
const EDIT_AFTER_MS = 250;
/** Until invalidations and refused fills have had their effect. */
const SETTLE_MS = 300;
const PRICES = [120, 150];

/**
 * Hits on a schedule. With several processes then bursts of readers of a page that is gone, and edits while the page is
 * loaded.
 */
export const protocol: Protocol = {
  seconds: ({ processes = 1 }, { warmSeconds, measureSeconds }) =>
    warmSeconds + measureSeconds + (processes === 1 ? 0 : BURSTS * 1.5 + EDITS * 3),
  async run(hands) {
    const load = await hands.load({}).done;
    const result: ProtocolResult = {
      load,
      findings: { totals: {}, samples: {}, series: [], notes: [] },
      problems: [],
    };
    if (hands.servers.length === 1) return result;
    await bursts(hands, result);
    await edits(hands, result);
    return result;
  },
};

async function bursts(hands: Hands, { findings, problems }: ProtocolResult): Promise<void> {
  const samples: number[] = [];
  for (let turn = 0; turn < BURSTS; turn += 1) {
    await deleteCopies(hands);
    const fromUs = hands.nowUs();
    await Promise.all(
      Array.from({ length: READERS }, (_, reader) => server(hands, reader).page(PATH)),
    );
    const toUs = hands.nowUs();
    const burst = between(historyOf(await hands.journals(), SLUG), fromUs, toUs);
    const problem = burstProblem(burst, READERS, true);
    if (problem === null) samples.push(burst.loads.length);
    else findings.notes.push(`burst ${turn + 1} does not count: ${problem}`);
  }
  findings.samples['loadsPerExpiry'] = samples;
  if (samples.length === 0) problems.push('no burst was simultaneous');
}

/** A page that one process loads while another changes a price: which version stays? */
async function edits(hands: Hands, { findings, problems }: ProtocolResult): Promise<void> {
  const dish = await anyDish(hands);
  const totals: Findings['totals'] = { edits: 0, staleSets: 0 };
  for (let turn = 0; turn < EDITS; turn += 1) {
    await deleteCopies(hands);
    const loading = server(hands, 1).page(PATH);
    await hands.sleep(EDIT_AFTER_MS);
    const price = PRICES[turn % PRICES.length];
    const edit = await server(hands, 0).post(`/stores/${SLUG}/products/${dish}/update-price`, {
      price,
    });
    const { menu_version: version } = JSON.parse(edit.text) as { menu_version?: number };
    const { menuVersion } = await loading;
    // Only a page that lacks the change was loaded across it.
    if (version === undefined || menuVersion === null || menuVersion >= version) continue;
    totals['edits'] = (totals['edits'] ?? 0) + 1;
    await hands.sleep(SETTLE_MS);
    const seen = await Promise.all(hands.servers.map((one) => one.page(PATH)));
    const isStale = seen.some((page) => (page.menuVersion ?? 0) < version);
    if (isStale) totals['staleSets'] = (totals['staleSets'] ?? 0) + 1;
  }
  Object.assign(findings.totals, totals);
  if (totals['edits'] === 0) problems.push('no edit fell into a load');
}

/** Readers take turns on the processes. */
function server({ servers }: Hands, turn: number): ServerHandle {
  return servers[turn % servers.length]!;
}

/** The page under the names that we and the libraries give it, with all that is kept beside it. */
async function deleteCopies(hands: Hands): Promise<void> {
  const { redis, urls } = hands;
  const patterns = [`${hands.catalogKey(SLUG)}*`, `${urls.keyPrefix}peer:*`];
  const keys = (await Promise.all(patterns.map((pattern) => redis.keys(pattern)))).flat();
  if (keys.length > 0) await redis.del(...keys);
}

async function anyDish(hands: Hands): Promise<number> {
  const { body } = await server(hands, 0).page(PATH);
  const catalog = JSON.parse(body.toString()) as { categories: { products: { id: number }[] }[] };
  return catalog.categories[0]!.products[0]!.id;
}

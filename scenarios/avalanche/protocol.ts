import type { Hands, Protocol } from '../../lab/protocol.ts';
import { aged, type Copy, type Ending, readCopies, writeCopies } from './copies.ts';
import { result } from './findings.ts';
import { type ArmDesign, designOf, spreadOf } from './plan.ts';

/** More than there are connections, so that the warm-up shows what the database can do. */
const WARM_CONCURRENCY = 60;

const WARM_TRIES = 3;

/** Pages per second that the warm-up takes, for the plan. */
const WARM_PER_SECOND = 110;

/**
 * Warms every store's page at once, puts the clock of the copies forward so that their common end falls into the
 * measured phase, and watches what becomes of it; or kills Redis.
 */
export const protocol: Protocol = {
  seconds: (arm, design) =>
    designOf(arm).stores / WARM_PER_SECOND + design.warmSeconds + design.measureSeconds + 1,
  async run(hands) {
    const design = designOf(hands.arm);
    const slugs = await generatedSlugs(hands, design.stores);
    const capacity = await warm(hands, slugs);
    const copies = await copiesOf(hands, slugs);

    const running = hands.load({ extra: { stores: design.stores } });
    await running.measureBegins;
    const clock = { startUs: hands.nowUs(), startMs: Date.now() };
    const endings =
      design.killed === null ? await moveTogether(hands, copies, design, clock.startMs) : [];
    if (design.killed === null) await announce(hands, design, clock.startUs);
    else design.killed = await loseRedis(hands, design.killed, clock.startUs);
    const load = await running.done;
    const journals = await hands.journals();
    return result({
      measureSeconds: hands.design.measureSeconds,
      design,
      capacity,
      load,
      journals,
      copies,
      endings,
      clock,
    });
  },
};

/** @throws Error if the database has fewer stores than the arm needs. */
async function generatedSlugs(hands: Hands, wanted: number): Promise<string[]> {
  const client = await hands.connect();
  const { rows } = await client.query<{ slug: string }>(
    "SELECT slug FROM cachelab.stores WHERE slug LIKE 'store-%' ORDER BY slug LIMIT $1",
    [wanted],
  );
  if (rows.length < wanted) {
    throw new Error(
      `the database has ${rows.length} generated stores, ${wanted} are needed: use --stores ${wanted}`,
    );
  }
  return rows.map(({ slug }) => slug);
}

/** Loads each store's page once. @returns Pages and SELECTs per second while all connections were busy. */
async function warm(
  hands: Hands,
  slugs: readonly string[],
): Promise<{ pages: number; selects: number }> {
  const waiting = [...slugs];
  const [server] = hands.servers;
  let refused = 0;
  const worker = async (): Promise<void> => {
    for (let slug = waiting.pop(); slug !== undefined; slug = waiting.pop()) {
      const { status } = await server!.page(`/stores/${slug}/catalog`);
      // On a machine that is busy with others the wait for a connection may be over.
      if (status === 503 && (refused += 1) < slugs.length) waiting.unshift(slug);
      else if (status !== 200) throw new Error(`warming ${slug} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: WARM_CONCURRENCY }, worker));
  const loads = (await hands.journals())
    .flatMap((one) =>
      one.loads.endUs.map((endUs, row) => ({ endUs, selects: one.loads.selects[row]! })),
    )
    .sort((a, b) => a.endUs - b.endUs);
  const busy = loads.slice(Math.floor(loads.length * 0.1), Math.floor(loads.length * 0.9));
  const seconds = (busy.at(-1)!.endUs - busy[0]!.endUs) / 1e6;
  const selects = busy.slice(1).reduce((sum, one) => sum + one.selects, 0);
  return { pages: (busy.length - 1) / seconds, selects: selects / seconds };
}

/** The copies of all stores. On a busy machine a write to Redis may have timed out: such a page is asked for again. */
async function copiesOf(hands: Hands, slugs: readonly string[]): Promise<Copy[]> {
  let missing = slugs;
  for (let tries = 0; tries < WARM_TRIES && missing.length > 0; tries += 1) {
    const kept = await Promise.all(slugs.map((slug) => hands.redis.exists(hands.catalogKey(slug))));
    missing = slugs.filter((_slug, index) => kept[index] === 0);
    for (const slug of missing) await hands.servers[0]!.page(`/stores/${slug}/catalog`);
  }
  const keys = slugs.map((slug) => hands.catalogKey(slug));
  return readCopies(hands.redis, keys, Date.now);
}

async function moveTogether(
  hands: Hands,
  copies: readonly Copy[],
  design: ArmDesign,
  startMs: number,
): Promise<Ending[]> {
  const moved = aged(
    copies,
    {
      madeAtMs: startMs + design.cliffSecond * 1000 - design.ttlMs,
      spreadMs: design.staggerSeconds * 1000,
      nowMs: startMs + 500, // what ends while the copies are written has been loaded again
    },
    hands.random,
  );
  await writeCopies(hands.redis, moved);
  return moved;
}

/** Waits for a second of the measured phase. */
async function reach(hands: Hands, startUs: number, second: number): Promise<void> {
  await hands.sleep(Math.max(0, second * 1000 - (hands.nowUs() - startUs) / 1000));
}

/** Marks the moments on the time axis. */
async function announce(hands: Hands, design: ArmDesign, startUs: number): Promise<void> {
  const spread = spreadOf(design, hands.design.measureSeconds);
  await reach(hands, startUs, spread?.from ?? design.cliffSecond);
  hands.event('fault', spread === null ? 'all copies end' : 'copies begin to end');
  if (spread === null || spread.to >= hands.design.measureSeconds) return;
  await reach(hands, startUs, spread.to);
  hands.event('heal', 'the last copy ends');
}

/** @returns When it was gone, in seconds of the measured phase. */
async function loseRedis(
  hands: Hands,
  planned: NonNullable<ArmDesign['killed']>,
  startUs: number,
): Promise<NonNullable<ArmDesign['killed']>> {
  if (hands.ownRedis === null) throw new Error('this arm needs a Redis of its own');
  await reach(hands, startUs, planned.atSecond);
  await hands.ownRedis.kill();
  hands.event('fault', 'Redis is killed');
  const atSecond = (hands.nowUs() - startUs) / 1e6;
  await reach(hands, startUs, planned.backAtSecond);
  await hands.ownRedis.restart();
  hands.event('heal', 'Redis is back, empty');
  return { atSecond, backAtSecond: (hands.nowUs() - startUs) / 1e6 };
}

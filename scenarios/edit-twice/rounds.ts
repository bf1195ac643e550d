import type { Hands, ServerHandle } from '../../lab/protocol.ts';

/** Between the two edits, as a share of the time that the page takes to build: the second falls into the rebuild. */
export const GAP_SHARE = 0.4;
/** After the second edit, until the page is looked at: longer than a rebuild, the second DEL of double-delete and another rebuild. */
const SETTLE_MS = 1200;
/** Between the two looks. */
const SECOND_LOOK_MS = 150;
/** Most that a round takes, with its warm-up. */
export const ROUND_MS = 2300;
/** Attempts at a fresh copy before a round. */
const WARM_ATTEMPTS = 8;

/** A store whose page is edited twice in each round. */
export interface Edited {
  slug: string;
  products: number[];
  /** Median time that its page takes to build. */
  pageMs: number;
}

/** One round: two edits inside one rebuild, then quiet. */
export interface Round {
  slug: string;
  /** Clock of the journals, around the COMMIT of the second edit. */
  secondSendUs: number;
  secondDoneUs: number;
  /** The page still lacks the second edit when everything has settled, at both looks. */
  stuck: boolean;
}

/** The restaurant, and the largest of the platform's other stores: at most `count` in all. */
export async function storesOf(hands: Hands, count: number): Promise<Omit<Edited, 'pageMs'>[]> {
  const connection = await hands.connect();
  const { rows } = await connection.query<{ slug: string; products: number[] }>(
    `SELECT s.slug, array_agg(p.id ORDER BY p.id) AS products
       FROM cachelab.stores s JOIN cachelab.products p ON p.store_id = s.id
      GROUP BY s.id, s.slug ORDER BY s.slug <> 'lao-zhang', count(*) DESC, s.id LIMIT $1`,
    [count],
  );
  return rows;
}

/** How long the page takes to build, with its copy deleted before each of three reads. */
export async function pageMsOf(hands: Hands, slug: string): Promise<number> {
  const times: number[] = [];
  for (let reads = 0; reads < 3; reads += 1) {
    await hands.redis.del(hands.catalogKey(slug));
    const startUs = hands.nowUs();
    await hands.servers[0]!.page(pathOf(slug));
    times.push((hands.nowUs() - startUs) / 1000);
  }
  return times.toSorted((a, b) => a - b)[1]!;
}

/**
 * Warm, edit, wait for less than a rebuild, edit again, quiet, look.
 * @returns Null where no fresh copy came about before it, or the server refused an edit.
 */
export async function editTwice(hands: Hands, store: Edited): Promise<Round | null> {
  const server = hands.servers[0]!;
  const { slug } = store;
  if (!(await isWarm(hands, server, slug))) return null;
  const price = 100 + Math.floor(hands.random() * 100);
  if ((await edit(server, store, hands.random, price)) === null) return null;
  // The owner looks at his page: it is rebuilt, if nobody else was faster.
  const look = server.page(pathOf(slug)).catch(() => null);
  await hands.sleep(store.pageMs * GAP_SHARE);
  const secondSendUs = hands.nowUs();
  const version = await edit(server, store, hands.random, price + 1);
  const secondDoneUs = hands.nowUs();
  await look;
  if (version === null) return null;
  await hands.sleep(Math.max(SETTLE_MS, 2.5 * store.pageMs));
  const first = await server.page(pathOf(slug));
  await hands.sleep(SECOND_LOOK_MS);
  const second = await server.page(pathOf(slug));
  const isOld = (shown: number | null): boolean => shown !== null && shown < version;
  const stuck = isOld(first.menuVersion) && isOld(second.menuVersion);
  // The lab frees what would stay for the rest of the TTL.
  if (stuck) await hands.redis.del(hands.catalogKey(slug));
  return { slug, secondSendUs, secondDoneUs, stuck };
}

const pathOf = (slug: string): string => `/stores/${slug}/catalog`;

/** Reads until a read is a hit: then a copy is there, and all readers have it. */
async function isWarm(hands: Hands, server: ServerHandle, slug: string): Promise<boolean> {
  for (let attempt = 0; attempt < WARM_ATTEMPTS; attempt += 1) {
    const { outcome } = await server.page(pathOf(slug));
    if (outcome === 'hit') return true;
    await hands.sleep(50);
  }
  return false;
}

/** @returns The menu's version with this edit; null: it was refused. */
async function edit(
  server: ServerHandle,
  { slug, products }: Edited,
  random: () => number,
  price: number,
): Promise<number | null> {
  const product = products[Math.floor(random() * products.length)]!;
  const { status, text } = await server.post(`/stores/${slug}/products/${product}/update-price`, {
    price,
  });
  if (status !== 200) return null;
  return (JSON.parse(text) as { menu_version: number }).menu_version;
}

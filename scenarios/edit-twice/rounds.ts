import type { Hands, PageAnswer, ServerHandle } from '../../lab/protocol.ts';

/** Between the two edits, as a share of the time that the page takes to build: the second falls into the rebuild. */
const GAP_SHARE = 0.4;
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
  if (!(await edit(server, slug, drawEdit(store, hands.random)))) return null;
  // The owner looks at his page: it is rebuilt, if nobody else was faster.
  const look = server.page(pathOf(slug)).catch(() => null);
  await hands.sleep(store.pageMs * GAP_SHARE);
  const second = drawEdit(store, hands.random);
  const secondSendUs = hands.nowUs();
  const wasMade = await edit(server, slug, second);
  const secondDoneUs = hands.nowUs();
  await look;
  if (!wasMade) return null;
  await hands.sleep(Math.max(SETTLE_MS, 2.5 * store.pageMs));
  const before = await server.page(pathOf(slug));
  await hands.sleep(SECOND_LOOK_MS);
  const after = await server.page(pathOf(slug));
  const stuck = lacks(before, second) && lacks(after, second);
  // The lab frees what would stay for the rest of the TTL.
  if (stuck) await hands.redis.del(hands.catalogKey(slug));
  return { slug, secondSendUs, secondDoneUs, stuck };
}

interface PriceEdit {
  product: number;
  price: number;
}

/** Any dish, and a price that it hardly had before. */
function drawEdit({ products }: Edited, random: () => number): PriceEdit {
  return {
    product: products[Math.floor(random() * products.length)]!,
    price: Math.round(10_000 + random() * 10_000) / 100,
  };
}

/** Whether the page shows another price; by the dish itself, since the version of a torn page is that of its first statement. */
function lacks({ status, body }: PageAnswer, { product, price }: PriceEdit): boolean {
  if (status !== 200) return false;
  const { categories } = JSON.parse(body.toString('utf8')) as {
    categories: { products: { id: number; price: number }[] }[];
  };
  const dish = categories.flatMap(({ products }) => products).find(({ id }) => id === product);
  return dish !== undefined && dish.price !== price;
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

/** @returns False: it was refused. */
async function edit(
  server: ServerHandle,
  slug: string,
  { product, price }: PriceEdit,
): Promise<boolean> {
  const path = `/stores/${slug}/products/${product}/update-price`;
  return (await server.post(path, { price })).status === 200;
}

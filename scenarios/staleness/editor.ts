import type { Hands } from '../../lab/protocol.ts';
import type { OutsideWrite } from '../../lab/oracle/rows.ts';
import { poissonTimes } from '../../lab/theory/hit-ratio.ts';

/** The prices between which a dish goes to and fro, in yuan. */
const PRICES = [120, 150] as const;
/** The owner's own visits; no virtual user has such a number. */
const OWNER_SESSION = 1_000_000;
/** The owner looks at his page after one edit in this many: after each he would be a reader of his own kind. */
const LOOKS_EVERY = 4;

/** A dish that may be edited. */
export interface Dish {
  slug: string;
  id: number;
}

/** What became of the edits. */
export interface Edited {
  /** Committed by the lab itself, as by psql; those through a server are in its journal. */
  outside: OutsideWrite[];
  edits: number;
  failed: number;
  /** Visits of the owner to his page right after an edit of his. */
  looks: number;
}

/** All dishes of the stores, in the order of their ids. */
export async function dishesOf(hands: Hands, slugs: readonly string[]): Promise<Dish[]> {
  const connection = await hands.connect();
  const { rows } = await connection.query<Dish>(
    `SELECT s.slug, p.id FROM cachelab.products p JOIN cachelab.stores s ON s.id = p.store_id
      WHERE s.slug = ANY ($1) ORDER BY p.id`,
    [slugs],
  );
  return rows;
}

/**
 * Edits prices at Poisson moments for some seconds from now, whether or not the last edit is answered.
 * @param writer - `app`: through a server. `psql`: by a session of its own, so that no server knows.
 */
export async function editPrices(
  hands: Hands,
  dishes: readonly Dish[],
  plan: { perSecond: number; seconds: number; writer: 'app' | 'psql' },
): Promise<Edited> {
  const edited: Edited = { outside: [], edits: 0, failed: 0, looks: 0 };
  const edit = plan.writer === 'psql' ? await psqlEditor(hands, edited) : appEditor(hands, edited);
  const startUs = hands.nowUs();
  const under: Promise<void>[] = [];
  for (const seconds of poissonTimes(plan.perSecond, plan.seconds, hands.random)) {
    const dish = dishes[Math.floor(hands.random() * dishes.length)]!;
    await hands.sleep(Math.max(0, seconds * 1000 - (hands.nowUs() - startUs) / 1000));
    edited.edits += 1;
    under.push(
      edit(dish, PRICES[edited.edits % 2]!, edited.edits).catch(() => {
        edited.failed += 1;
      }),
    );
  }
  await Promise.all(under);
  return edited;
}

type Edit = (dish: Dish, price: number, number: number) => Promise<void>;

function appEditor({ servers }: Hands, edited: Edited): Edit {
  return async ({ slug, id }, price, number) => {
    const server = servers[number % servers.length]!;
    const session = { 'x-lab-session': String(OWNER_SESSION + number) };
    const answer = await fetch(`${server.baseUrl}/stores/${slug}/products/${id}/update-price`, {
      method: 'POST',
      headers: { ...session, 'content-type': 'application/json' },
      body: JSON.stringify({ price }),
    });
    if (!answer.ok) throw new Error(`the edit was answered ${answer.status}`);
    await answer.arrayBuffer();
    if (number % LOOKS_EVERY !== 0) return;
    edited.looks += 1;
    await server.page(`/stores/${slug}/catalog`, session);
  };
}

async function psqlEditor(hands: Hands, edited: Edited): Promise<Edit> {
  const connection = await hands.connect();
  return async ({ slug, id }, price) => {
    const sendUs = hands.nowUs();
    const { rows } = await connection.query<{ version: number }>(
      'UPDATE cachelab.products SET price = $2 WHERE id = $1 RETURNING version',
      [id, price],
    );
    const ackUs = hands.nowUs();
    if (rows[0] === undefined) throw new Error(`there is no dish ${id}`);
    edited.outside.push({ slug, product: id, sendUs, ackUs, version: rows[0].version });
  };
}

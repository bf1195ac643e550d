import type { OutsideWrite } from '../../lab/oracle/rows.ts';
import type { Hands } from '../../lab/protocol.ts';

/** The one dish of a store that changes in a trial. */
export interface Dish {
  slug: string;
  id: number;
}

/** Who changes prices: through a server, or past all of them. */
export interface Changes {
  dishes: readonly Dish[];
  /** Through `servers[0]`, whose journal has it. */
  byServer: (dish: Dish) => Promise<void>;
  /** By a session of its own, as with psql. */
  byPsql: (dish: Dish) => Promise<void>;
  /** A change whose writer was killed: it counts as acknowledged now. @throws Error if it was not committed. */
  orphaned: (dish: Dish, sendUs: number) => Promise<void>;
  /** Version that the dish has in the database. */
  version: (dish: Dish) => Promise<number>;
  /** Ends all sessions of servers and invalidators. @returns How many. */
  endSessions: (applications: readonly string[]) => Promise<number>;
  /** Those that are in no server's journal. */
  outside: OutsideWrite[];
}

const PRICE = 120;

export async function openChanges(hands: Hands, slugs: readonly string[]): Promise<Changes> {
  const connection = await hands.connect();
  const { rows: dishes } = await connection.query<Dish>(
    `SELECT slug, min(p.id) AS id FROM cachelab.products p JOIN cachelab.stores s ON s.id = store_id
     WHERE slug = ANY ($1) GROUP BY slug ORDER BY slug`,
    [slugs],
  );
  const outside: OutsideWrite[] = [];

  async function version({ id }: Dish): Promise<number> {
    const { rows } = await connection.query<{ version: number }>(
      'SELECT version FROM cachelab.products WHERE id = $1',
      [id],
    );
    return rows[0]?.version ?? 0;
  }

  return {
    dishes,
    outside,
    version,
    async byServer({ slug, id }) {
      const answer = await hands.servers[0]!.post(`/stores/${slug}/products/${id}/update-price`, {
        price: PRICE,
      });
      if (answer.status !== 200) throw new Error(`a change was answered ${answer.status}`);
    },
    async byPsql({ slug, id }) {
      const sendUs = hands.nowUs();
      const { rows } = await connection.query<{ version: number }>(
        'UPDATE cachelab.products SET price = $2 WHERE id = $1 RETURNING version',
        [id, PRICE],
      );
      const ackUs = hands.nowUs();
      outside.push({ slug, product: id, sendUs, ackUs, version: rows[0]!.version });
    },
    async orphaned(dish, sendUs) {
      const found = await version(dish);
      if (found <= 1) throw new Error('the killed server had not committed');
      const ackUs = hands.nowUs();
      outside.push({ slug: dish.slug, product: dish.id, sendUs, ackUs, version: found });
    },
    async endSessions(applications) {
      const { rowCount } = await connection.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = ANY ($1)`,
        [applications],
      );
      return rowCount ?? 0;
    },
  };
}

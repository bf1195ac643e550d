import pg from 'pg';

/** Calls of the page's SELECTs so far, by statement. */
export type SelectCounts = ReadonlyMap<string, number>;

/** Reads `pg_stat_statements`: the witness of the page's SELECTs that is not our own counter. */
export interface SelectWitness {
  read(): Promise<SelectCounts>;
  close(): Promise<void>;
}

/** Opens the witness on a connection of its own. */
export async function openSelectWitness(url: string): Promise<SelectWitness> {
  const client = new pg.Client({ connectionString: url, application_name: 'cachelab-lab' });
  client.on('error', () => undefined); // A killed connection shows at the next read.
  await client.connect();
  return {
    async read() {
      const { rows } = await client.query<{ id: string; calls: string }>(
        `SELECT s.queryid::text AS id, sum(s.calls)::text AS calls
           FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
          WHERE d.datname = current_database() AND s.query LIKE 'SELECT /* page */%'
          GROUP BY s.queryid`,
      );
      return new Map(rows.map((row) => [row.id, Number(row.calls)]));
    },
    close: () => client.end(),
  };
}

/** SELECTs between two readings, and how many distinct statements they were. */
export function selectsBetween(
  before: SelectCounts,
  after: SelectCounts,
): { selects: number; shapes: number } {
  let selects = 0;
  let shapes = 0;
  for (const [id, calls] of after) {
    const added = calls - (before.get(id) ?? 0);
    if (added <= 0) continue;
    selects += added;
    shapes += 1;
  }
  return { selects, shapes };
}

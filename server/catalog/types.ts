/** One statement that a page ran, as its query panel shows it. */
export interface QueryLogEntry {
  /** Statement with its parameters left out: equal for queries of the same shape. */
  shape: string;
  table: string;
  rows: number;
  /** From asking to the last row, the simulated network round trip included. */
  micros: number;
}

/** A page built from the database. */
export interface PageLoad {
  /** The JSON document, UTF-8. The same rows give the same bytes, whichever way it was built. */
  body: Buffer;
  /** `menu_version` of the snapshot that the page shows. */
  menuVersion: number;
  queries: QueryLogEntry[];
  /** Dishes that were changed since the seed, with their versions. */
  changedDishes: [id: number, version: number][];
  micros: number;
}

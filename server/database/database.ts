import { DatabaseError, Pool } from 'pg';
import type { PoolClient, QueryResultRow } from 'pg';
import { Gate } from './gate.ts';
import { createLatency } from './latency.ts';
import type { LatencyRange } from './latency.ts';
import { seededRandom } from './random.ts';

/** A prepared statement: parsed once per connection, under its name. */
export interface Statement {
  name: string;
  text: string;
}

export type Parameter = string | number;

/** A connection inside a transaction. */
export interface Session {
  query<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly Parameter[],
  ): Promise<Row[]>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections. */
  poolSize: number;
  /** Longest wait for a connection, then `PoolExhaustedError`; null waits for ever. */
  maxWaitMs: number | null;
  /** Added to every round trip while its connection is held; null adds nothing. */
  latency: LatencyRange | null;
  /** Seed of the latency draws. */
  seed: number;
  /** Postgres cancels a statement that runs longer, and a connection that takes longer to open (at most 5 s) is given up; null: waits for ever. */
  statementTimeoutMs: number | null;
}

interface PoolCounters {
  /** Most connections that it may open. */
  size: number;
  total: number;
  idle: number;
  waiting: number;
  /** Longest queue since the last reset. */
  maxWaiting: number;
  /** Callers turned away since the last reset. */
  shed: number;
}

/**
 * The only way to Postgres. All methods throw `PoolExhaustedError` when no connection comes free,
 * and pg's errors as they are; a connection is given back in every case, and thrown away when its
 * state is unknown. A signal that aborts ends the wait for a connection, and the work before its
 * next statement.
 */
export interface Database {
  /** One statement on its own: one round trip, one snapshot. */
  readOne<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly Parameter[],
    signal?: AbortSignal,
  ): Promise<Row[]>;
  /** All of `work`'s statements see the rows of one moment. BEGIN and COMMIT are round trips too. */
  readSnapshot<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Each of `work`'s statements sees the rows of its own moment; the same round trips as `readSnapshot`. */
  readCommitted<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * A READ COMMITTED transaction. If the connection breaks during COMMIT the error does not say
   * whether the change was made.
   */
  write<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T>;
  counters(): PoolCounters;
  resetCounters(): void;
  /** SELECT statements sent since the start, whoever asked for them. */
  selects(): number;
  /** What each round trip waits for; 0 to 0: nothing is added. */
  latency(): LatencyRange;
  /** For whoever borrows a connection from now on: work that is under way ends with the latency that it began with. */
  setLatency(range: LatencyRange): void;
  /** Waits for the statements under way, then closes every connection. */
  close(): Promise<void>;
}

const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const BEGIN_COMMITTED = 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY';

const MAX_CONNECT_MS = 5_000;
/** Of the client's own timer over the server's. */
const CLIENT_PATIENCE = 1.2;

/** Waiters per connection beyond which more are turned away at once: bounds memory, not delay. */
const WAITING_PER_CONNECTION = 20;

export function createDatabase(options: DatabaseOptions): Database {
  const { poolSize, maxWaitMs, statementTimeoutMs } = options;
  const gate = new Gate({
    size: poolSize,
    maxWaitMs,
    maxWaiting: poolSize * WAITING_PER_CONNECTION,
  });
  const pool = createPool(options);
  const random = seededRandom(options.seed);
  let latency = options.latency ?? { minMs: 0, maxMs: 0 };
  let networkDelay = delayOf(latency);
  const sent = { selects: 0 };

  function delayOf(range: LatencyRange): (() => Promise<void>) | undefined {
    return range.maxMs === 0 ? undefined : createLatency(range, random, () => performance.now());
  }

  async function withConnection<T>(
    work: (connection: Connection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await gate.enter(signal);
    try {
      // Never waits for a free one: the gate lets in as many callers as the pool has connections.
      const client = await pool.connect();
      const connection = new Connection(client, networkDelay, sent, signal);
      try {
        return await work(connection);
      } finally {
        client.release(connection.stateUnknown);
      }
    } finally {
      gate.leave();
    }
  }

  function inTransaction<T>(
    begin: string,
    work: (session: Session) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return withConnection(async (connection) => {
      await connection.command(begin);
      try {
        const result = await work(connection);
        await connection.command('COMMIT');
        return result;
      } catch (error) {
        await connection.rollback();
        throw error;
      }
    }, signal);
  }

  return {
    readOne: (statement, values, signal) =>
      withConnection((connection) => connection.query(statement, values), signal),
    readSnapshot: (work, signal) => inTransaction(BEGIN_SNAPSHOT, work, signal),
    readCommitted: (work, signal) => inTransaction(BEGIN_COMMITTED, work, signal),
    write: (work, signal) => inTransaction('BEGIN', work, signal),
    counters: () => ({
      size: poolSize,
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: gate.waiting,
      maxWaiting: gate.maxWaiting,
      shed: gate.shed,
    }),
    resetCounters: () => gate.reset(),
    selects: () => sent.selects,
    latency: () => latency,
    setLatency(range) {
      latency = range;
      networkDelay = delayOf(range);
    },
    close: () => pool.end(),
  };

  function createPool({ url }: DatabaseOptions): Pool {
    const created = new Pool({
      connectionString: url,
      max: poolSize,
      // Connections stay open: opening one again in the middle of a measurement would be noise.
      idleTimeoutMillis: 0,
      application_name: 'cachelab-server',
      idle_in_transaction_session_timeout: 60_000,
      ...(statementTimeoutMs === null
        ? {}
        : {
            connectionTimeoutMillis: Math.min(MAX_CONNECT_MS, statementTimeoutMs),
            statement_timeout: statementTimeoutMs,
            // Last resort against a server that vanished without a word: the client's own timer, later
            // than the server's. It leaves the connection unusable, which is then thrown away.
            query_timeout: Math.ceil(statementTimeoutMs * CLIENT_PATIENCE),
          }),
    });
    // Without these a connection that dies, idle or between two statements, ends the process. The
    // pool drops an idle one by itself; a borrowed one fails at its next statement.
    created.on('error', () => {});
    created.on('connect', (client) => client.on('error', () => {}));
    return created;
  }
}

/** A borrowed connection. */
class Connection implements Session {
  /** True: it may be in a transaction, or dead, and must not serve anybody else. */
  stateUnknown = false;
  private readonly client: PoolClient;
  private readonly networkDelay: (() => Promise<void>) | undefined;
  private readonly sent: { selects: number };
  private readonly signal: AbortSignal | undefined;

  constructor(
    client: PoolClient,
    networkDelay: (() => Promise<void>) | undefined,
    sent: { selects: number },
    signal: AbortSignal | undefined,
  ) {
    this.client = client;
    this.networkDelay = networkDelay;
    this.sent = sent;
    this.signal = signal;
  }

  async query<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly Parameter[],
  ): Promise<Row[]> {
    this.signal?.throwIfAborted();
    return this.roundTrip(async () => {
      const { name, text } = statement;
      if (text.startsWith('SELECT')) this.sent.selects += 1;
      const result = await this.client.query<Row>({ name, text, values: [...values] });
      return result.rows;
    });
  }

  async command(text: string): Promise<void> {
    await this.roundTrip(() => this.client.query(text));
  }

  /** Never throws: the error that led here is the one to report. */
  async rollback(): Promise<void> {
    if (this.stateUnknown) return;
    try {
      await this.command('ROLLBACK');
    } catch {
      this.stateUnknown = true;
    }
  }

  /** The delay comes after the answer: what the caller gets is as old as the way back is long. */
  private async roundTrip<T>(send: () => Promise<T>): Promise<T> {
    try {
      const answer = await send();
      await this.networkDelay?.();
      return answer;
    } catch (error) {
      // Postgres refused the statement and the connection goes on; anything else, a lost connection
      // or a timeout of our own, leaves it in a state that we cannot know.
      if (!(error instanceof DatabaseError && error.severity === 'ERROR')) this.stateUnknown = true;
      throw error;
    }
  }
}

import { EventEmitter, once } from 'node:events';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../server/database/database.ts';
import type { Database, DatabaseOptions, Statement } from '../server/database/database.ts';
import { PoolExhaustedError } from '../server/database/gate.ts';
import { freshDatabase } from './stack.ts';

const BACKEND: Statement = { name: 'backend', text: 'SELECT pg_backend_pid() AS pid' };
const ROWS: Statement = { name: 'rows', text: 'SELECT id FROM notes' };
const INSERT: Statement = { name: 'insert', text: 'INSERT INTO notes VALUES ($1)' };
const SLEEP: Statement = { name: 'sleep', text: 'SELECT pg_sleep(30)' };

let fresh: { url: string; drop: () => Promise<void> };
let admin: Client;
const open: Database[] = [];

function database(overrides: Partial<DatabaseOptions> = {}): Database {
  const created = createDatabase({
    url: fresh.url,
    poolSize: 2,
    maxWaitMs: 50,
    latency: null,
    seed: 1,
    statementTimeoutMs: 10_000,
    ...overrides,
  });
  open.push(created);
  return created;
}

beforeAll(async () => {
  fresh = await freshDatabase('database');
  admin = new Client({ connectionString: fresh.url });
  admin.on('error', () => {});
  await admin.connect();
  await admin.query('CREATE TABLE notes (id integer)');
});

afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
  await admin.query('TRUNCATE notes');
});

afterAll(async () => {
  await admin.end();
  await fresh.drop();
});

async function backendOf(db: Database): Promise<number> {
  const [row] = await db.readOne<{ pid: number }>(BACKEND, []);
  return row?.pid ?? 0;
}

/** Holds a connection until the returned function is called. */
async function hold(db: Database): Promise<() => Promise<void>> {
  const door = new EventEmitter();
  const entered = once(door, 'entered');
  const work = db.readSnapshot(async () => {
    const leave = once(door, 'leave');
    door.emit('entered');
    await leave;
  });
  await entered;
  return async () => {
    door.emit('leave');
    await work;
  };
}

async function terminate(pid: number): Promise<void> {
  await admin.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
}

describe('a pool of 2', () => {
  test('turns the third caller away after its wait, and serves again afterwards', async () => {
    const db = database();
    const releases = [await hold(db), await hold(db)];
    await expect(db.readOne(BACKEND, [])).rejects.toBeInstanceOf(PoolExhaustedError);
    expect(db.counters()).toMatchObject({ total: 2, idle: 0, waiting: 0, maxWaiting: 1, shed: 1 });
    for (const release of releases) await release();
    expect(await backendOf(db)).toBeGreaterThan(0);
    db.resetCounters();
    expect(db.counters()).toMatchObject({ total: 2, idle: 2, maxWaiting: 0, shed: 0 });
  });

  test('without a bound 30 callers wait until all are served', async () => {
    const db = database({ maxWaitMs: null });
    const releases = [await hold(db), await hold(db)];
    const callers = Array.from({ length: 30 }, () => backendOf(db));
    expect(db.counters().waiting).toBe(30);
    for (const release of releases) await release();
    expect(new Set(await Promise.all(callers)).size).toBeLessThanOrEqual(2);
    expect(db.counters()).toMatchObject({ maxWaiting: 30, shed: 0 });
  });

  test('holds the connection while the simulated network delays the answer', async () => {
    const db = database({ poolSize: 1, latency: { minMs: 200, maxMs: 200 } });
    const slow = backendOf(db);
    await expect(backendOf(db)).rejects.toBeInstanceOf(PoolExhaustedError);
    await slow;
  });

  test('BEGIN, 3 statements and COMMIT cost 5 delays, a statement on its own costs 1', async () => {
    const db = database({ latency: { minMs: 20, maxMs: 20 } });
    await backendOf(db);
    const alone = performance.now();
    await backendOf(db);
    const aloneMs = performance.now() - alone;
    const together = performance.now();
    await db.readSnapshot(async (session) => {
      for (let index = 0; index < 3; index += 1) await session.query(BACKEND, []);
    });
    const togetherMs = performance.now() - together;
    // Timers take back up to 1 ms each; only lower bounds, since a busy machine may be late.
    expect(aloneMs).toBeGreaterThan(18);
    expect(togetherMs).toBeGreaterThan(5 * 18);
  });

  test('refused connections are reported, one by one, and take no place for good', async () => {
    const db = database({ url: 'postgres://nobody@127.0.0.1:1/none' });
    for (let index = 0; index < 5; index += 1) {
      await expect(db.readOne(BACKEND, [])).rejects.toThrow('ECONNREFUSED');
    }
    expect(db.counters()).toMatchObject({ total: 0, waiting: 0, shed: 0 });
  });
});

describe('a transaction', () => {
  test('that throws leaves no row, and its connection serves the next', async () => {
    const db = database({ poolSize: 1 });
    const pid = await backendOf(db);
    const failing = db.write(async (session) => {
      await session.query(INSERT, [1]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await db.readOne(ROWS, [])).toEqual([]);
    expect(await backendOf(db)).toBe(pid);
  });

  test('of a snapshot sees no row that was committed after its first statement', async () => {
    const db = database();
    const seen = await db.readSnapshot(async (session) => {
      const before = await session.query(ROWS, []);
      await db.write((writer) => writer.query(INSERT, [1]));
      return [before.length, (await session.query(ROWS, [])).length];
    });
    expect(seen).toEqual([0, 0]);
    expect(await db.readOne(ROWS, [])).toHaveLength(1);
  });

  test('of a snapshot cannot write', async () => {
    const db = database();
    const writing = db.readSnapshot((session) => session.query(INSERT, [1]));
    await expect(writing).rejects.toMatchObject({ code: '25006' });
    expect(await backendOf(db)).toBeGreaterThan(0);
  });

  test('whose caller has left stops before its next statement and frees the connection', async () => {
    const db = database({ poolSize: 1 });
    const pid = await backendOf(db);
    const controller = new AbortController();
    let statements = 0;
    const page = db.readSnapshot(async (session) => {
      for (; statements < 100; statements += 1) {
        await session.query(BACKEND, []);
        if (statements === 2) controller.abort(new Error('client left'));
      }
    }, controller.signal);
    await expect(page).rejects.toThrow('client left');
    expect(statements).toBe(3);
    expect(await backendOf(db)).toBe(pid);
  });
});

describe('a connection', () => {
  test('killed inside a transaction fails that one and is replaced for the next', async () => {
    const db = database({ poolSize: 1 });
    const pid = await backendOf(db);
    const page = db.readSnapshot(async (session) => {
      await session.query(BACKEND, []);
      await terminate(pid);
      return session.query(BACKEND, []);
    });
    await expect(page).rejects.toThrow(/terminat|connection/i);
    expect(await backendOf(db)).not.toBe(pid);
  });

  test('killed while idle is replaced, and the process lives', async () => {
    const db = database({ poolSize: 1 });
    const pid = await backendOf(db);
    await terminate(pid);
    // The news of its end may still be on the way: then one call fails, and not the next.
    const next = await backendOf(db).catch(() => backendOf(db));
    expect(next).not.toBe(pid);
  });

  test('whose statement passes 100 ms is cancelled by the server and serves the next', async () => {
    const db = database({ poolSize: 1, statementTimeoutMs: 100 });
    const pid = await backendOf(db);
    await expect(db.readOne(SLEEP, [])).rejects.toMatchObject({ code: '57014' });
    expect(await backendOf(db)).toBe(pid);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import { seedDatabase } from '../../seed/load.ts';
import { LabError } from '../errors.ts';
import { startInvalidator } from '../invalidator-process.ts';
import { startStack } from '../provision/stack.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import type { OwnCriterion } from './criterion.ts';

type Form = 'event-driven' | 'outbox';

const KILLS = 25;
const KILL_EVERY_MS = 1000;
const WRITES_PER_SECOND = 100;
const NEEDED_KILLS = 20;
const WRITERS = 8;
const CHANGE = 'UPDATE cachelab.products SET price = price + 1 WHERE id = $1';

export const criterion: OwnCriterion = {
  kind: 'own',
  about:
    'invalidations lost while the listener is killed 25 times at 100 writes/s, about 2 minutes',
  async run({ root, supervisor, progress }) {
    const { postgres, redis } = await startStack({
      root,
      supervisor,
      services: ['postgres', 'redis'],
      onEvent: (line) => progress.line(line),
    });
    if (postgres === null || redis === null) {
      throw new LabError('E_SERVICES_MISSING', 'a service is missing', { exitCode: 69 });
    }
    const stores = (KILLS * KILL_EVERY_MS * WRITES_PER_SECOND) / 1000 + 500;
    await seedDatabase({ url: postgres.url, seed: 1, stores });
    const measure = (form: Form): Promise<KillResult> => {
      progress.now(`${form}: ${KILLS} kills at ${WRITES_PER_SECOND} writes/s`);
      return killListeners({
        root,
        supervisor,
        form,
        postgresUrl: postgres.url,
        redisUrl: redis.url,
        keyPrefix: `${redis.keyPrefix}kills-${form}:`,
        kills: KILLS,
        killEveryMs: KILL_EVERY_MS,
        writesPerSecond: WRITES_PER_SECOND,
      });
    };
    const control = await measure('event-driven');
    const ours = await measure('outbox');
    progress.done();
    return {
      lines: [sentence('event-driven (control)', control), sentence('outbox', ours)],
      passed:
        ours.lost === 0 &&
        control.lost > 0 &&
        [control, ours].every(
          (one) => one.kills >= NEEDED_KILLS && one.writesPerSecond >= WRITES_PER_SECOND * 0.95,
        ),
    };
  },
};

function sentence(name: string, result: KillResult): string {
  const { kills, writes, lost, writesPerSecond, lagP99Ms } = result;
  const bound = lost === 0 ? ` (fewer than ${((3 / writes) * 100).toFixed(2)} %)` : '';
  return (
    `${name}: ${lost} of ${writes} invalidations lost${bound} over ${kills} kills ` +
    `at ${writesPerSecond.toFixed(0)} writes/s; p99 from change to DEL ${lagP99Ms} ms`
  );
}

export interface KillResult {
  /** Sessions that were terminated, each after the one before had been replaced. */
  kills: number;
  /** Committed changes, each of a store of its own. */
  writes: number;
  /** Copies that were still there at the end. */
  lost: number;
  writesPerSecond: number;
  lagP99Ms: number;
}

/**
 * Writes at a steady rate while the invalidator's backend is terminated again and again by `pg_terminate_backend`. Each write
 * changes a store that no other write changes, so no later invalidation hides one that was lost.
 * @param options - The database holds more stores than `kills * killEveryMs * writesPerSecond / 1000`.
 */
export async function killListeners(options: {
  root: string;
  supervisor: Supervisor;
  form: Form;
  postgresUrl: string;
  redisUrl: string;
  keyPrefix: string;
  kills: number;
  killEveryMs: number;
  writesPerSecond: number;
}): Promise<KillResult> {
  const { root, supervisor, form, postgresUrl, redisUrl, keyPrefix } = options;
  const redis = new Redis(redisUrl);
  const writers = new Pool({ connectionString: postgresUrl, max: WRITERS });
  const killer = new Client({ connectionString: postgresUrl });
  await killer.connect();
  const invalidator = await startInvalidator({
    root,
    supervisor,
    form,
    environment: {
      CACHELAB_PG_URL: postgresUrl,
      CACHELAB_REDIS_URL: redisUrl,
      CACHELAB_KEY_PREFIX: keyPrefix,
    },
  });
  try {
    const dishes = await oneDishPerStore(killer);
    const keys = dishes.map(({ slug }) => `${keyPrefix}store_catalog:${slug}`);
    await redis.mset(...keys.flatMap((key) => [key, 'old']));

    const startedAtMs = performance.now();
    const underWay: Promise<unknown>[] = [];
    const writer = setInterval(() => {
      // On schedule, however late this timer is.
      const due = ((performance.now() - startedAtMs) / 1000) * options.writesPerSecond;
      while (underWay.length < due && underWay.length < dishes.length - 1) {
        underWay.push(writers.query(CHANGE, [dishes[underWay.length]!.id]));
      }
    }, 5);
    for (let kill = 0; kill < options.kills; kill += 1) {
      await sleep(options.killEveryMs);
      await killListener(killer);
    }
    clearInterval(writer);
    const seconds = (performance.now() - startedAtMs) / 1000;
    await Promise.all(underWay);

    const written = keys.slice(0, underWay.length);
    await heardOf(redis, keys.at(-1)!, () => killer.query(CHANGE, [dishes.at(-1)!.id]));
    const lost = await redis.exists(...written);
    const { lagP99Ms = 0 } = await invalidator.stats();
    return {
      kills: options.kills,
      writes: written.length,
      lost,
      writesPerSecond: written.length / seconds,
      lagP99Ms,
    };
  } finally {
    await invalidator.stop();
    await writers.end();
    await killer.end();
    redis.disconnect();
  }
}

async function oneDishPerStore(client: Client): Promise<{ slug: string; id: number }[]> {
  const { rows } = await client.query<{ slug: string; id: number }>(
    `SELECT slug, min(products.id) AS id FROM cachelab.products
     JOIN cachelab.stores ON stores.id = store_id GROUP BY slug`,
  );
  return rows;
}

/** Ends the listener's session; one that is on its way back is waited for. */
async function killListener(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'cachelab-invalidator' AND datname = current_database()`,
    );
    if (rows.length > 0) return;
    await sleep(5);
  }
}

/** Changes a store that nobody else does until its copy is gone: what came before has been heard by then, or never will be. */
async function heardOf(redis: Redis, key: string, change: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    await change();
    const deadlineMs = performance.now() + 1000;
    while (performance.now() < deadlineMs) {
      if ((await redis.exists(key)) === 0) return;
      await sleep(20);
    }
  }
  throw new LabError('E_INVALIDATOR_DEAF', 'the invalidator hears of no change any more');
}

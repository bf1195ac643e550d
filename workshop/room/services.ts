import { Client } from 'pg';
import { readEnvironment } from '../../lab/environment.ts';
import { startStack } from '../../lab/provision/stack.ts';
import type { Environment } from '../../lab/result.ts';
import { serviceEnvironment, startServer } from '../../lab/server-process.ts';
import { seedDatabase } from '../../seed/load.ts';
import { FIRST_KNOBS } from '../contract.ts';
import { latencyRange } from './knobs.ts';
import { type Listener, openListener } from './listener.ts';
import { type Load, openLoad } from './load.ts';
import { openRedis, type RoomRedis } from './redis.ts';
import type { RoomOptions } from './room.ts';
import type { SentLog } from './sent.ts';
import { Store } from './store.ts';

/** Server processes of a room: with one, nobody would see what a process alone cannot know. */
export const PROCESSES = 2;
const USUAL_STORES = 200;
export const SEED = 1;
const STOP_MS = 2000;

/** Everything that runs for a room. */
export interface Services {
  stores: readonly Store[];
  redis: RoomRedis;
  listener: Listener;
  load: Load;
  /** The room's own way to Postgres. */
  database: Client;
  postgresUrl: string;
  /** Generated stores beside the restaurant. */
  generated: number;
  environment: Environment;
  close(): Promise<void>;
}

/**
 * Starts all of them, at once where they can.
 * @param onChange - The state of one of them may have changed.
 * @throws LabError of the one that is missing or does not start; what had started is ended.
 */
export async function startServices(
  options: RoomOptions,
  log: SentLog,
  onChange: () => void,
): Promise<Services> {
  const { root, supervisor, onEvent = () => {}, stores: generated = USUAL_STORES } = options;
  const env = options.env ?? process.env;
  const closers: (() => Promise<unknown>)[] = [];
  const opened = async <T>(
    starting: Promise<T>,
    close: (it: T) => Promise<unknown>,
  ): Promise<T> => {
    const it = await starting;
    closers.push(() => close(it));
    return it;
  };
  const close = async (): Promise<void> => {
    // At once: what a server waits for ends with the others, so nobody waits long.
    await Promise.all(closers.splice(0).map((end) => end().catch(() => {})));
  };
  try {
    const first = [
      opened(
        startStack({ root, supervisor, services: ['postgres', 'k6'], env, onEvent }),
        async (stack) => stack.postgres?.process?.stop(),
      ),
      opened(openRedis({ root, supervisor }, log, onChange), (it) => it.close()),
    ] as const;
    const [{ postgres, k6 }, redis] = await whole(first).then(() => Promise.all(first));
    if (postgres === null || k6 === null) throw new Error('asked for both');
    const environment = serviceEnvironment({ postgres, redis: { url: redis.url, keyPrefix: '' } });
    const { minMs, maxMs } = latencyRange(FIRST_KNOBS.dbLatencyMs);
    const server = (index: number): Promise<Store> =>
      opened(
        startServer({
          ...{ root, supervisor },
          environment: {
            ...environment,
            CACHELAB_POLICY: FIRST_KNOBS.preset,
            CACHELAB_DB_LATENCY: `${minMs}-${maxMs}`,
            CACHELAB_JOURNAL: 'on',
            CACHELAB_SEED: String(SEED + index),
            CACHELAB_LOG: 'error', // slow pages are what the room is about
          },
        }).then((started) => new Store(started, log)),
        (store) => {
          store.close();
          return store.process.process.stop(STOP_MS);
        },
      );
    const seeding = seedDatabase({ url: postgres.url, seed: SEED, stores: generated });
    const starting = Array.from({ length: PROCESSES }, (_, index) => server(index));
    await whole([seeding, ...starting]);
    const seeded = await seeding;
    const stores = await Promise.all(starting);
    onEvent(`${seeded.stores} stores with ${seeded.products} dishes, two processes of the store`);
    const last = [
      opened(connect(postgres.url), (client) => client.end()),
      readEnvironment(root, { postgres, redis: redis.description, k6 }, seeded.digest),
    ] as const;
    await whole([...last, ...stores.map(ready)]);
    const [database, environmentFacts] = await Promise.all(last);
    const listener = openListener({ root, supervisor, environment, database, onChange });
    closers.push(() => listener.close());
    const baseUrls = stores.map(({ baseUrl }) => baseUrl);
    const load = openLoad({
      ...{ root, supervisor, k6Bin: k6.bin, baseUrls, stores: generated, onChange },
    });
    closers.push(() => load.close());
    return {
      ...{ stores, redis, listener, load, database, generated, environment: environmentFacts },
      postgresUrl: postgres.url,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * As `Promise.all`, but waits for every one: what is still starting when another fails has to be ended too.
 * @throws the first error.
 */
async function whole(promises: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'cachelab-room' });
  client.on('error', () => {}); // the next statement tells
  await client.connect();
  return client;
}

async function ready(store: Store): Promise<void> {
  const problem = await store.process.readiness();
  if (problem !== null) throw new Error(`a process of the store is ${problem}`);
}

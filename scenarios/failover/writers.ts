import type { Hands } from '../../lab/protocol.ts';
import { connectRedis } from '../../server/redis-connect.ts';
import type { ClientKind } from './arms.ts';

/** One write of a key of its own. */
export interface Write {
  key: string;
  sentUs: number;
  /** Null: refused, or not answered. */
  ackUs: number | null;
}

export interface Writer {
  /** In the order in which they were sent. */
  writes: readonly Write[];
  /** The last that was acknowledged; null before the first. */
  newest(): Write | null;
  /** No more writes; those without an answer a second later have none. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 200;
const TICK_MS = 5;
const PING_EVERY_MS = 250;
const READY_WITHIN_MS = 5000;
const LAST_ANSWERS_MS = 1000;

/**
 * Writes keys on a schedule of its own, whatever becomes of those before, with the same client as the server's.
 * @param options - `tag`: hash tag of all its keys, so that they lie on one shard.
 * @throws Error when Redis does not answer at the start.
 */
export async function startWriter(
  hands: Hands,
  options: { url: string; client: ClientKind; tag: string; ratePerSecond: number },
): Promise<Writer> {
  const { url, client, tag, ratePerSecond } = options;
  const redis = connectRedis(url, { timeoutMs: TIMEOUT_MS, defaults: client === 'default' });
  redis.on('error', () => {}); // each write tells
  const deadlineUs = hands.nowUs() + READY_WITHIN_MS * 1000;
  while (!(await redis.set(`{${tag}}:ready`, '1').then(isOk, () => false))) {
    if (hands.nowUs() > deadlineUs) throw new Error('the writer’s Redis does not answer');
    await hands.sleep(TICK_MS);
  }

  const writes: Write[] = [];
  let newest: Write | null = null;
  const startUs = hands.nowUs();
  const intervalUs = 1e6 / ratePerSecond;

  function send(): void {
    const write: Write = { key: `{${tag}}:${writes.length}`, sentUs: hands.nowUs(), ackUs: null };
    writes.push(write);
    void acknowledge(write);
  }

  async function acknowledge(write: Write): Promise<void> {
    try {
      await redis.set(write.key, '1');
    } catch {
      return; // it stays without an answer
    }
    write.ackUs = hands.nowUs();
    if (newest === null || write.sentUs > newest.sentUs) newest = write;
  }

  const ticks = setInterval(() => {
    while (startUs + writes.length * intervalUs <= hands.nowUs()) send();
  }, TICK_MS);
  // As the server does: the client's clock for a dead link runs only while something waits.
  const pings = setInterval(() => void redis.ping().catch(() => {}), PING_EVERY_MS);
  return {
    writes,
    newest: () => newest,
    async stop() {
      clearInterval(ticks);
      clearInterval(pings);
      await hands.sleep(LAST_ANSWERS_MS);
      redis.disconnect();
    },
  };
}

const isOk = (answer: string | null): boolean => answer === 'OK';

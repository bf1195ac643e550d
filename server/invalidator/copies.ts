import { Redis } from 'ioredis';
import { INVALIDATE, leaseKey, staleCopyKey } from '../cache/scripts.ts';
import { createKeys } from '../keys.ts';

/** The copies in Redis. Every method rejects within the timeout when Redis gives no answer. */
export interface Copies {
  /** One round trip for all stores. When it rejects, some may be done and others not: the call may be repeated. */
  invalidate(slugs: readonly string[]): Promise<void>;
  /** Deletes everything that is kept of any page. */
  clear(): Promise<void>;
  /**
   * Names the data set: another name means that this is another process than before, or one with another history, which may
   * lack deletions that the former acknowledged.
   * @throws also when it is a replica.
   */
  identity(): Promise<string>;
  /** Connections made so far: behind a new one may be another Redis. */
  readonly connections: number;
  close(): void;
}

const RETRY_MAX_MS = 250;
const SCAN_COUNT = 500;

/**
 * Connects in the background and keeps trying.
 * @param options - `what`: `value` deletes the page alone, as the story does; `value and lease` does what the server's own
 *   invalidation does where leases are taken: loads under way, which may have read the old rows, lose the right to fill. `onUp` is told of every connection gained and lost.
 */
export function openCopies(options: {
  url: string;
  keyPrefix: string;
  timeoutMs: number;
  what: 'value' | 'value and lease';
  onUp: (up: boolean) => void;
  onError: (message: string) => void;
}): Copies {
  const { timeoutMs } = options;
  const keys = createKeys(options.keyPrefix);
  const redis = new Redis(options.url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    disableClientInfo: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, RETRY_MAX_MS),
  });
  redis.on('error', (error) => options.onError(error.message));
  let connections = 0;
  redis.on('ready', () => {
    connections += 1;
    options.onUp(true);
  });
  redis.on('close', () => options.onUp(false));

  return {
    async invalidate(slugs) {
      const pipeline = redis.pipeline();
      for (const slug of slugs) {
        const key = keys.catalog(slug);
        if (options.what === 'value') pipeline.del(key);
        else pipeline.eval(INVALIDATE.lua, 3, key, leaseKey(key), staleCopyKey(key));
      }
      const answers = await pipeline.exec();
      const failed = answers?.find(([error]) => error !== null)?.[0];
      if (failed !== undefined && failed !== null) throw failed;
      if (answers?.length !== slugs.length) throw new Error('redis did not answer all');
    },
    async clear() {
      const pattern = `${escapeGlob(keys.catalog(''))}*`;
      let cursor = '0';
      do {
        const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
        cursor = next;
        if (found.length > 0) await redis.unlink(...found);
      } while (cursor !== '0');
    },
    async identity() {
      const [server, replication] = await Promise.all([
        redis.info('server'),
        redis.info('replication'),
      ]);
      if (field(replication, 'role') !== 'master') {
        // Demoted under us: whoever is the master now is behind the same name, so ask anew.
        redis.disconnect(true);
        throw new Error('redis is a replica');
      }
      return `${field(server, 'run_id')} ${field(replication, 'master_replid')}`;
    },
    get connections() {
      return connections;
    },
    close: () => redis.disconnect(),
  };
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}

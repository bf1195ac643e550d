import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import { INVALIDATE, leaseKey, staleCopyKey } from '../cache/scripts.ts';
import { createKeys } from '../keys.ts';
import { connectRedis } from '../redis-connect.ts';

/** The copies in Redis. Every method rejects within the timeout when Redis gives no answer. */
export interface Copies {
  /** One round trip for all stores; in a cluster the commands of the stores side by side. When it rejects, some may be done and others not: the call may be repeated. */
  invalidate(slugs: readonly string[]): Promise<void>;
  /** Deletes everything that is kept of any page. */
  clear(): Promise<void>;
  /**
   * Names the data set: another name means that this is another process than before, or one with another history, which may
   * lack deletions that the former acknowledged.
   * @throws also when it is a replica. Of a cluster: all of its primaries together.
   */
  identity(): Promise<string>;
  /** Connections made so far: behind a new one may be another Redis. */
  readonly connections: number;
  close(): void;
}

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
  const { url, timeoutMs } = options;
  const redis = connectRedis(url, { timeoutMs });
  const isCluster = redis instanceof Cluster;
  const primaries = (): Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis]);
  const keys = createKeys(options.keyPrefix, { hashTags: isCluster });
  redis.on('error', (error) => options.onError(error.message));
  let connections = 0;
  redis.on('ready', () => {
    connections += 1;
    options.onUp(true);
  });
  redis.on('close', () => options.onUp(false));

  return {
    async invalidate(slugs) {
      if (isCluster) {
        await Promise.all(
          slugs.map((slug) => {
            const key = keys.catalog(slug);
            if (options.what === 'value') return redis.del(key);
            return redis.eval(INVALIDATE.lua, 3, key, leaseKey(key), staleCopyKey(key));
          }),
        );
        return;
      }
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
      const pattern = `${escapeGlob(keys.catalogs)}*`;
      for (const node of primaries()) {
        let cursor = '0';
        do {
          const [next, found] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
          cursor = next;
          // A node of a cluster refuses keys of several slots in one command.
          if (isCluster) await Promise.all(found.map((key) => node.unlink(key)));
          else if (found.length > 0) await node.unlink(...found);
        } while (cursor !== '0');
      }
    },
    async identity() {
      const all = await Promise.all(
        primaries().map(async (node) => {
          const [server, replication] = await Promise.all([
            node.info('server'),
            node.info('replication'),
          ]);
          return { role: field(replication, 'role'), server, replication };
        }),
      );
      if (all.length === 0) throw new Error('redis is away');
      if (all.some(({ role }) => role !== 'master')) {
        // Demoted under us: whoever is the master now is behind the same name, so ask anew.
        redis.disconnect(true);
        throw new Error('redis is a replica');
      }
      return all
        .map(
          ({ server, replication }) =>
            `${field(server, 'run_id')} ${field(replication, 'master_replid')}`,
        )
        .sort()
        .join(' ');
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

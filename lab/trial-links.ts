import type { Arm } from './experiment.ts';
import { openLink } from './link.ts';
import type { Link } from './protocol.ts';

/** Where a trial's servers find their services. */
export interface Services {
  postgres: { url: string };
  redis: { url: string; keyPrefix: string };
}

/** The links of one trial, and the services as they are reached through them. */
export interface TrialLinks {
  links: { redis: Link | null; postgres: Link | null };
  services: Services;
  close(): Promise<void>;
}

/**
 * Puts the lab's links in front of the services that the arm names, for its servers; the lab itself goes past them. Nodes of
 * a topology have links of their own.
 */
export async function openTrialLinks(
  { links: wanted = [], redis: kind = 'own' }: Pick<Arm, 'links' | 'redis'>,
  { postgres, redis }: Services,
): Promise<TrialLinks> {
  const toRedis = wanted.includes('redis') && kind === 'own' ? await openLink(redis.url) : null;
  const toPostgres = wanted.includes('postgres') ? await openLink(postgres.url) : null;
  return {
    links: { redis: toRedis, postgres: toPostgres },
    services: {
      postgres: { url: toPostgres?.url ?? postgres.url },
      redis: { url: toRedis?.url ?? redis.url, keyPrefix: redis.keyPrefix },
    },
    async close() {
      await toRedis?.close();
      await toPostgres?.close();
    },
  };
}

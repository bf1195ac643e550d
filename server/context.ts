import type { Logger } from 'pino';
import type { RedisFigures } from '../lab/server-protocol.ts';
import type { KnownSlugs } from './admission/known-slugs.ts';
import type { Policy } from './cache/policy.ts';
import type { Services, Strategy } from './cache/strategy.ts';
import type { Database } from './database/database.ts';
import type { ServerJournal } from './journal.ts';
import type { Keys } from './keys.ts';
import type { PageStats } from './page-stats.ts';
import type { GuardedRedis } from './redis.ts';

/** A policy with its strategy, replaced as one: a request that has begun ends with the policy that it began with. */
export interface PolicyInForce {
  policy: Policy;
  strategy: Strategy;
}

/** What the handlers share. `inForce` alone is ever replaced. */
export interface Context {
  db: Database;
  redis: GuardedRedis;
  /** Redis's own counters, at most a second old; null while it gives no answer. */
  redisFigures: () => Promise<RedisFigures | null>;
  services: Services;
  keys: Keys;
  stats: PageStats;
  /** Null: not kept. */
  journal: ServerJournal | null;
  log: Logger;
  /** Told of each page's handling time; warns of slow ones. */
  slow(what: string, milliseconds: number): void;
  inForce: PolicyInForce;
  /** Null: no policy can ask which stores exist. */
  knownSlugs: KnownSlugs | null;
  /** Null: `/lab/*` is open (loopback). Empty: closed, because no token is set. */
  labToken: string | null;
}

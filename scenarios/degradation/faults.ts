import pg from 'pg';
import type { Hands, Link, OwnRedis } from '../../lab/protocol.ts';
import type { Fault } from './arms.ts';

/** A fault that is ready to begin. */
interface Prepared {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const FLAP_MS = 500;
const SLOW_DATABASE_MS = 800;
/** Connections that are opened at the same time, to take all. */
const AT_ONCE = 16;
/** Given back before the load begins, for the servers to open theirs. */
const SPARE = 40;
/** More than any server of the lab admits. */
const MOST_CONNECTIONS = 2000;
const TOO_MANY_CONNECTIONS = '53300';

/**
 * One scripted fault each.
 * @throws Error when it cannot be made: the trial failed.
 */
export const FAULT_SCRIPTS: Record<Fault, (hands: Hands) => Promise<Prepared> | Prepared> = {
  'redis-killed': (hands) => {
    const redis = ownRedis(hands);
    return { begin: () => redis.kill(), end: () => redis.restart() };
  },
  'redis-frozen': (hands) => {
    const redis = ownRedis(hands);
    return { begin: () => redis.freeze(), end: () => redis.thaw() };
  },
  'redis-slow-5': (hands) => slow(linkTo(hands, 'redis'), 5),
  'redis-slow-50': (hands) => slow(linkTo(hands, 'redis'), 50),
  'redis-slow-500': (hands) => slow(linkTo(hands, 'redis'), 500),
  'redis-flapping': (hands) => flapping(linkTo(hands, 'redis')),
  'postgres-slow': (hands) => slow(linkTo(hands, 'postgres'), SLOW_DATABASE_MS),
  'postgres-exhausted': (hands) => exhausted(hands),
  'postgres-restarted': (hands) => restarted(hands),
  'both-away': (hands) => {
    const redis = ownRedis(hands);
    const link = linkTo(hands, 'postgres');
    return {
      async begin() {
        link.cut();
        await redis.kill();
      },
      async end() {
        await redis.restart();
        link.heal();
      },
    };
  },
};

function slow(link: Link, ms: number): Prepared {
  return { begin: () => link.delay(ms), end: () => link.heal() };
}

function flapping(link: Link): Prepared {
  let timer: NodeJS.Timeout | undefined;
  let isCut = false;
  const flap = (): void => {
    isCut = !isCut;
    if (isCut) link.cut();
    else link.heal();
  };
  return {
    begin() {
      flap();
      timer = setInterval(flap, FLAP_MS);
    },
    end() {
      clearInterval(timer);
      link.heal();
    },
  };
}

/**
 * Somebody else holds every connection that Postgres admits. The servers lose theirs for a moment, for that one to take them
 * too: as after a deployment that opened too many.
 */
async function exhausted(hands: Hands): Promise<Prepared> {
  if (!hands.ownsPostgres)
    throw new Error('all connections of a Postgres that the lab did not start are not taken');
  const link = linkTo(hands, 'postgres');
  const connection = await hands.connect(); // before there is no room for it
  const holders: pg.Client[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(holders.splice(0).map((holder) => holder.end().catch(() => {})));
  };
  try {
    await takeAll(hands.urls.postgres, holders);
    await Promise.all(holders.splice(-SPARE).map((holder) => holder.end()));
  } catch (error) {
    await release();
    throw error;
  }
  return {
    async begin() {
      link.cut();
      await endSessions(connection);
      await takeAll(hands.urls.postgres, holders);
      link.heal();
    },
    end: release,
  };
}

/** Opens connections until one is refused for their number. @throws Error for any other refusal. */
async function takeAll(url: string, holders: pg.Client[]): Promise<void> {
  while (holders.length < MOST_CONNECTIONS) {
    const tries = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, async () => {
        const holder = new pg.Client({ connectionString: url, application_name: 'cachelab-lab' });
        holder.on('error', () => {});
        await holder.connect();
        holders.push(holder);
      }),
    );
    for (const one of tries) {
      if (one.status === 'fulfilled') continue;
      const { code } = one.reason as { code?: string };
      if (code === TOO_MANY_CONNECTIONS) return;
      throw one.reason;
    }
  }
  throw new Error(`Postgres admits more than ${MOST_CONNECTIONS} connections`);
}

/** What a restart is to a server: its sessions end with "terminating connection", and new ones are refused for a while. */
async function restarted(hands: Hands): Promise<Prepared> {
  const link = linkTo(hands, 'postgres');
  const connection = await hands.connect();
  return {
    async begin() {
      await endSessions(connection);
      link.cut();
    },
    end: () => link.heal(),
  };
}

/** Resolves when they are asked to end; each does so at its next turn. */
async function endSessions(connection: pg.Client): Promise<void> {
  await connection.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'cachelab-server'`,
  );
}

function ownRedis({ ownRedis: redis }: Hands): OwnRedis {
  if (redis === null) throw new Error('this arm has no Redis of its own');
  return redis;
}

function linkTo({ links }: Hands, service: 'redis' | 'postgres'): Link {
  const link = links[service];
  if (link === null) throw new Error(`this arm has no link to ${service}`);
  return link;
}

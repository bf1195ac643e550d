import { Cluster, Redis } from 'ioredis';

/** A connection to whatever stands behind the URL. */
type RedisClient = Redis | Cluster;

/** What stands behind a Redis URL. */
type RedisPlace =
  | { kind: 'single'; url: string }
  | { kind: 'sentinel'; sentinels: Address[]; name: string; login: Login }
  | { kind: 'cluster'; nodes: Address[]; login: Login };

interface Address {
  host: string;
  port: number;
}

interface Login {
  username?: string;
  password?: string;
}

/** What a Redis URL may look like, for messages. */
export const REDIS_URL_FORMS =
  'redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT';

const RETRY_MAX_MS = 250;
const RECONNECT_AFTER_MS = 50;
const CONNECT_TIMEOUT_MS = 1000;
const SOCKET_TIMEOUT_MS = 1000;
const SENTINEL_TIMEOUT_MS = 500;
/** Between two tries of a command of a cluster, and how many: readers have the database, and must not wait for an election. */
const CLUSTER_RETRY_MS = 50;
const CLUSTER_REDIRECTIONS = 3;
/** A cluster's client learns of a new primary from an error alone, unless it asks: a frozen node sends none. */
const SLOTS_REFRESH_MS = 1000;

const COMMON = {
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disableClientInfo: true,
};
const SENTINEL = {
  failoverDetector: true,
  sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
  sentinelRetryStrategy: retryDelayMs,
  // Of the connections on which a failover is heard.
  sentinelReconnectStrategy: retryDelayMs,
};

/**
 * @param text - One of `REDIS_URL_FORMS`; `USER:PASSWORD@` before the hosts is for the data nodes.
 * @returns null when it is none of them.
 */
export function redisPlace(text: string): RedisPlace | null {
  const several =
    /^redis\+(sentinel|cluster):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/([^/?#]*))?$/.exec(
      text,
    );
  if (several === null) {
    const single = URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
    return single ? { kind: 'single', url: text } : null;
  }
  const [, kind, username = '', password, hosts = '', name = ''] = several;
  const addresses = hosts.split(',').map(address);
  if (!addresses.every((one) => one !== null)) return null;
  const login: Login = {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === undefined ? {} : { password: decodeURIComponent(password) }),
  };
  if (kind === 'cluster') return name === '' ? { kind: 'cluster', nodes: addresses, login } : null;
  return name === '' ? null : { kind: 'sentinel', sentinels: addresses, name, login };
}

/** Whether keys that a script uses together need a common hash tag. */
export function isCluster(url: string): boolean {
  return redisPlace(url)?.kind === 'cluster';
}

/**
 * Connects in the background and keeps trying.
 *
 * Why these settings (measured with ioredis 6): with its defaults a command hangs 73 s when Redis dies and for ever when it is
 * frozen, and a primary that comes back from a freeze after another was elected goes on taking this client's writes, which are
 * lost when it learns of it. `commandTimeout` rejects the command but keeps the dead socket, so `socketTimeout` replaces it; that
 * clock runs only while a command waits, so a client that may be idle has to ping. `failoverDetector` leaves a primary as soon
 * as the sentinels name another.
 * @param options - `defaults`: ioredis's own settings in place of these, to see what they do.
 * @throws TypeError for a URL that is none of `REDIS_URL_FORMS`.
 */
export function connectRedis(
  url: string,
  options: {
    /** Longest wait for one command. */
    timeoutMs: number;
    defaults?: boolean;
  },
): RedisClient {
  const place = placeOrThrow(url);
  const { defaults = false } = options;
  const common = {
    ...COMMON,
    maxRetriesPerRequest: 1,
    commandTimeout: options.timeoutMs,
    socketTimeout: Math.max(SOCKET_TIMEOUT_MS, options.timeoutMs),
  };
  const own = { ...common, enableOfflineQueue: false, retryStrategy: retryDelayMs };
  if (place.kind === 'single') return defaults ? new Redis(place.url) : new Redis(place.url, own);
  const { login } = place;
  if (place.kind === 'sentinel') {
    const { sentinels, name } = place;
    if (defaults) return new Redis({ ...login, sentinels, name });
    return new SentinelRedis({ ...login, sentinels, name, ...own, ...SENTINEL }).beginAnew();
  }
  if (defaults) return new Cluster(place.nodes, { redisOptions: login });
  return new Cluster(place.nodes, {
    redisOptions: { ...login, ...common },
    enableOfflineQueue: false,
    clusterRetryStrategy: retryDelayMs,
    retryDelayOnFailover: CLUSTER_RETRY_MS,
    retryDelayOnClusterDown: CLUSTER_RETRY_MS,
    maxRedirections: CLUSTER_REDIRECTIONS,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: SENTINEL_TIMEOUT_MS,
  });
}

/**
 * ioredis (6.0) gives a client up for good when the word of a failover comes just while it looks for the primary: it ends, and
 * every later command is refused. After a kill that is the usual moment. Here it begins anew.
 */
class SentinelRedis extends Redis {
  #isClosed = false;

  /** To be called once. */
  beginAnew(): this {
    return this.on('end', () => {
      setTimeout(() => {
        if (!this.#isClosed) this.connect().catch(() => {}); // it ends again, and is heard again
      }, RECONNECT_AFTER_MS).unref();
    });
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) this.#isClosed = true;
    super.disconnect(reconnect);
  }
}

/**
 * A connection on which messages of channels are heard, without commands beside them. It does not subscribe again by itself:
 * whoever listens has to know of the gap. In a cluster it leads to one of the nodes, all of which pass messages on, and ends
 * for good with that node: then the next attempt leads to the next one.
 * @throws TypeError as `connectRedis`.
 */
export function connectSubscriber(url: string, attempt: number): Redis {
  const place = placeOrThrow(url);
  const own = {
    ...COMMON,
    autoResubscribe: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A link that is dead without a word: a ping waits, and this clock cuts it.
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: retryDelayMs,
  };
  if (place.kind === 'single') return new Redis(place.url, own);
  const { login } = place;
  if (place.kind === 'sentinel') {
    const { sentinels, name } = place;
    return new Redis({ ...login, sentinels, name, ...own, ...SENTINEL });
  }
  const node = place.nodes[attempt % place.nodes.length];
  return new Redis({ ...login, ...node, ...own, retryStrategy: () => null });
}

function placeOrThrow(url: string): RedisPlace {
  const place = redisPlace(url);
  if (place === null) throw new TypeError(`not a Redis URL: need ${REDIS_URL_FORMS}`);
  return place;
}

/** Longer and longer, up to 250 ms. */
export function retryDelayMs(attempt: number): number {
  return Math.min(attempt * 50, RETRY_MAX_MS);
}

function address(text: string): Address | null {
  const [, host, port] = /^([\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

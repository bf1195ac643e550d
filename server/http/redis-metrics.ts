import type { RedisFigures } from '../../lab/server-protocol.ts';

/** How a figure of Redis's is called in `/metrics`. */
interface RedisMetric {
  type: 'counter' | 'gauge';
  name: string;
  help: string;
  figure: keyof RedisFigures;
}

/**
 * Redis's own figures, of all its users. All are left out while Redis gives no answer: a counter that fell to 0 would
 * look like a restart, and an idle gauge like a quiet server.
 */
export const REDIS_METRICS: readonly RedisMetric[] = [
  gauge('uptime_seconds', 'Time since Redis started; its cache was empty then', 'uptime_seconds'),
  gauge('memory_used_bytes', 'Memory that Redis allocated', 'used_memory_bytes'),
  gauge('memory_max_bytes', 'Limit of maxmemory; 0: none', 'max_memory_bytes'),
  gauge('memory_resident_bytes', 'Memory that Redis holds from the system', 'rss_bytes'),
  gauge(
    'memory_fragmentation_ratio',
    'Resident over used memory; means little below some 10 MB',
    'fragmentation_ratio',
  ),
  gauge('connected_clients', 'Connections of clients', 'connected_clients'),
  gauge('max_clients', 'Most connections that Redis takes', 'max_clients'),
  gauge('keys', 'Keys of all databases', 'db_keys'),
  gauge('keys_with_ttl', 'Keys that will expire', 'db_keys_with_ttl'),
  gauge('slowlog_length', 'Slow commands that SLOWLOG still lists', 'slowlog_length'),
  gauge('connected_replicas', 'Replicas connected to this Redis', 'connected_replicas'),
  gauge(
    'replication_lag_bytes',
    'Bytes that the replica furthest behind has not acknowledged; 0 without replicas',
    'replication_lag_bytes',
  ),
  gauge(
    'replication_lag_seconds',
    'Time since the most silent replica, or on a replica its primary, was heard; 0 without',
    'replication_lag_seconds',
  ),
  counter('commands_processed', 'Commands that Redis executed', 'commands_processed'),
  counter('keyspace_hits', 'Lookups that found their key', 'keyspace_hits'),
  counter('keyspace_misses', 'Lookups that did not find their key', 'keyspace_misses'),
  counter('expired_keys', 'Keys whose TTL ran out', 'expired_keys'),
  counter('evicted_keys', 'Keys that gave way at maxmemory', 'evicted_keys'),
  counter('slowlog_entries', 'Slow commands that SLOWLOG has logged', 'slowlog_logged'),
];

function gauge(name: string, help: string, figure: keyof RedisFigures): RedisMetric {
  return { type: 'gauge', name: `cachelab_redis_${name}`, help, figure };
}

function counter(name: string, help: string, figure: keyof RedisFigures): RedisMetric {
  return { type: 'counter', name: `cachelab_redis_${name}_total`, help, figure };
}

import { expect, test } from 'vitest';
import { isCluster, redisPlace } from './redis-connect.ts';

const one = { host: '127.0.0.1', port: 26_379 };
const two = { host: 'redis-2.example', port: 26_380 };

test.each([
  ['redis://127.0.0.1:6379/0', { kind: 'single', url: 'redis://127.0.0.1:6379/0' }],
  ['rediss://me:secret@host', { kind: 'single', url: 'rediss://me:secret@host' }],
  [
    'redis+sentinel://127.0.0.1:26379,redis-2.example:26380/orders',
    { kind: 'sentinel', sentinels: [one, two], name: 'orders', login: {} },
  ],
  ['redis+cluster://127.0.0.1:26379', { kind: 'cluster', nodes: [one], login: {} }],
  [
    'redis+cluster://me:p%40ss@[::1]:7000,127.0.0.1:26379',
    {
      kind: 'cluster',
      nodes: [{ host: '::1', port: 7000 }, one],
      login: { username: 'me', password: 'p@ss' },
    },
  ],
])('%s is understood', (url, place) => {
  expect(redisPlace(url)).toEqual(place);
  expect(isCluster(url)).toBe(place.kind === 'cluster');
});

test.each([
  ['http://127.0.0.1:6379'],
  ['127.0.0.1:6379'],
  ['redis+sentinel://127.0.0.1:26379'], // which primary?
  ['redis+sentinel://127.0.0.1/orders'], // no port
  ['redis+sentinel://127.0.0.1:26379,/orders'],
  ['redis+cluster://127.0.0.1:70000'],
  ['redis+cluster://127.0.0.1:7000/orders'], // a cluster has no name
  ['redis+raft://127.0.0.1:7000'],
])('%s is refused', (url) => {
  expect(redisPlace(url)).toBeNull();
});

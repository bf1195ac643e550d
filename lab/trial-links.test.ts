import { expect, test } from 'vitest';
import { openTrialLinks } from './trial-links.ts';

const services = {
  postgres: { url: 'postgres://user@127.0.0.1:5432/cachelab' },
  redis: { url: 'redis://127.0.0.1:6379/2', keyPrefix: 'lab:' },
};

test('only the services that an arm names are reached through a link', async () => {
  const opened = await openTrialLinks({ links: ['postgres'] }, services);
  const { postgres, redis } = opened.services;
  await opened.close();
  expect(redis).toEqual(services.redis);
  expect(opened.links.redis).toBeNull();
  expect(postgres.url).toBe(opened.links.postgres?.url);
  expect(postgres.url).toMatch(/^postgres:\/\/user@127\.0\.0\.1:\d+\/cachelab$/);
  expect(postgres.url).not.toBe(services.postgres.url);
});

test('an arm without links has its services as they are', async () => {
  const opened = await openTrialLinks({}, services);
  expect(opened).toMatchObject({ services, links: { redis: null, postgres: null } });
});

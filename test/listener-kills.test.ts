import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { killListeners } from '../lab/verify/listener-kills.ts';
import { seedDatabase } from '../seed/load.ts';
import { freshDatabase, testStack } from './stack.ts';

let supervisor: Supervisor;
let database: Awaited<ReturnType<typeof freshDatabase>>;

beforeAll(async () => {
  const { root } = await testStack();
  supervisor = createSupervisor({ root, label: 'test kills', handleSignals: false });
  database = await freshDatabase('kills');
  await seedDatabase({ url: database.url, seed: 1, stores: 300 });
});
afterAll(async () => {
  await supervisor.stopAll();
  await database.drop();
});

// The short form of `npm run verify -- listener-kills`.
test.for(['event-driven', 'outbox'] as const)(
  '4 kills of the listener at 200 writes/s: %s',
  async (form) => {
    const { root, redisUrl } = await testStack();
    const { lost, kills, writes } = await killListeners({
      root,
      supervisor,
      form,
      postgresUrl: database.url,
      redisUrl,
      keyPrefix: `kills-${form}-${process.pid}:`,
      kills: 4,
      killEveryMs: 250,
      writesPerSecond: 200,
    });
    console.log(`${form}: ${lost} of ${writes} lost over ${kills} kills`);
    expect(kills).toBe(4);
    if (form === 'outbox') expect(lost).toBe(0);
    else expect(lost).toBeGreaterThan(0);
  },
);

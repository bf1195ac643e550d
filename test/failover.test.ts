import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS } from '../server/cache/presets.ts';
import { nameOf } from '../scenarios/failover/arms.ts';
import { experiment } from '../scenarios/failover/experiment.ts';
import { requireTool, testStack } from './stack.ts';
import { measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 20 });
});
afterAll(() => trials.close());

// The short form of `npm run verify -- failover`.
test('with a graceful failover of a cluster pages go on, and acknowledged writes are read back from the new primary', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const name = nameOf({ topology: 'cluster', fault: 'command', client: 'recommended' });
  const arm = experiment.arms.find((one) => one.name === name)!;
  const record = await trials.run({
    ...arm,
    load: experiment.load,
    experiment: experiment.name,
    protocol: experiment.protocol!,
    flagsAsMeasures: experiment.flagsAsMeasures,
  });
  const { totals, samples } = measurementOf(record).findings!;
  expect(totals).toMatchObject({ failovers: 1, lost: 0, unanswered: 0 });
  expect(totals['acked']).toBeGreaterThan(500);
  expect(totals['pages']).toBeGreaterThan(400);
  expect(totals['replicaReads']).toBeGreaterThan(100);
  expect(samples['outageMs']?.[0]).toBeLessThan(8000);
});

test('every preset serves pages on a cluster, with its locks, leases and copies in one slot', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const seen: Record<string, (string | null)[]> = {};
  const record = await trials.run({
    ...{ policy: 'cached', redis: 'cluster' },
    // On a machine that is busy an answer takes its time.
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '5000' },
    load: { kind: 'open', ratePerSecond: 10, arrivals: 'even', expectedP99Ms: 1000 },
    expects: { selectsPerLoad: null },
    overrides: { query: 'joined' },
    measureSeconds: 1,
    protocol: {
      async run(hands) {
        const [server] = hands.servers;
        for (const { name } of PRESETS) {
          await setPolicy(server!.baseUrl, name);
          const outcomes: (string | null)[] = [];
          for (let times = 0; times < 2; times += 1) {
            const { outcome } = await server!.page('/stores/lao-zhang/catalog');
            outcomes.push(outcome);
          }
          await server!.post('/stores/lao-zhang/products/1/update-price', { price: 120 });
          seen[name] = outcomes;
          expect((await server!.post('/lab/cache/clear')).status).toBe(200);
        }
        await setPolicy(server!.baseUrl, { preset: 'cached', overrides: { query: 'joined' } });
        const load = await hands.load({}).done;
        return { load, problems: [], findings: { totals: {}, samples: {}, series: [], notes: [] } };
      },
    },
  });
  expect(record.state).not.toBe('failed');
  const expected = Object.fromEntries(
    PRESETS.map(({ name, settings }) => {
      const isCached = settings.store === 'redis' || settings.store === 'memory';
      return [name, isCached ? ['miss', 'hit'] : ['bypass', 'bypass']];
    }),
  );
  expect(seen).toEqual(expected);
});

async function setPolicy(baseUrl: string, policy: unknown): Promise<void> {
  const response = await fetch(`${baseUrl}/lab/policy`, {
    method: 'PUT',
    body: JSON.stringify(policy),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok) throw new Error(await response.text());
}

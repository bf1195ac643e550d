import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Protocol } from '../lab/protocol.ts';
import { PRESETS } from '../server/cache/presets.ts';
import { nameOf, PAGES_PER_SECOND } from '../scenarios/failover/arms.ts';
import { experiment } from '../scenarios/failover/experiment.ts';
import { requireTool, testStack } from './stack.ts';
import { measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 20 });
});
afterAll(() => trials.close());

const name = nameOf({ topology: 'cluster', fault: 'command', client: 'recommended' });
const arm = experiment.arms.find((one) => one.name === name)!;

// The short form of `npm run verify -- failover`, after a walk through the presets on the same cluster.
test('on a cluster every preset serves misses and hits; through a failover by command pages go on and no acknowledged write is lost', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const seen: Record<string, (string | null)[]> = {};
  const protocol: Protocol = {
    async run(hands) {
      const [server] = hands.servers;
      for (const preset of PRESETS) {
        await setPolicy(server!.baseUrl, preset.name);
        const outcomes: (string | null)[] = [];
        for (let times = 0; times < 2; times += 1) {
          outcomes.push((await server!.page('/stores/lao-zhang/catalog')).outcome);
        }
        // Locks, leases, floors and stale copies are touched by what follows a change.
        await server!.post('/stores/lao-zhang/products/1/update-price', { price: 120 });
        expect((await server!.post('/lab/cache/clear')).status).toBe(200);
        seen[preset.name] = outcomes;
      }
      await setPolicy(server!.baseUrl, { preset: arm.policy, overrides: arm.overrides });
      return experiment.protocol!.run(hands);
    },
  };
  const record = await trials.run({
    ...arm,
    // On a machine that is busy an answer takes its time.
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '5000' },
    // As many users as come during the longest outage that passes: none is missing, and no page dropped.
    load: {
      ...{ kind: 'open', ratePerSecond: PAGES_PER_SECOND, arrivals: 'even', expectedP99Ms: 1000 },
      virtualUsers: 5 * PAGES_PER_SECOND,
    },
    experiment: experiment.name,
    protocol,
    flagsAsMeasures: {
      ...experiment.flagsAsMeasures,
      'foreign-cpu': 'the tests share the machine',
    },
    measureSeconds: 5,
  });
  const { totals, samples } = measurementOf(record).findings!;
  expect(seen).toEqual(
    Object.fromEntries(
      PRESETS.map((preset) => {
        const isCached = preset.settings.store === 'redis' || preset.settings.store === 'memory';
        return [preset.name, isCached ? ['miss', 'hit'] : ['bypass', 'bypass']];
      }),
    ),
  );
  expect(totals).toMatchObject({ failovers: 1, lost: 0, unanswered: 0 });
  expect(totals['acked']).toBeGreaterThan(300);
  expect(totals['pages']).toBeGreaterThan(200);
  expect(totals['replicaReads']).toBeGreaterThan(50);
  expect(samples['outageMs']?.[0]).toBeLessThan(5000);
}, 180_000);

async function setPolicy(baseUrl: string, policy: unknown): Promise<void> {
  const response = await fetch(`${baseUrl}/lab/policy`, {
    method: 'PUT',
    body: JSON.stringify(policy),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok) throw new Error(await response.text());
}

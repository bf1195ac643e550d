import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPeers } from '../lab/peers.ts';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Findings } from '../lab/result.ts';
import { ARMS } from '../scenarios/peers/arms.ts';
import { protocol } from '../scenarios/peers/protocol.ts';
import { testStack } from './stack.ts';
import { openTrials } from './trials.ts';
import type { Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  const { root } = await testStack();
  const supervisor = createSupervisor({ root, label: 'test peers', handleSignals: false });
  await installPeers(root, supervisor, () => {});
  await supervisor.stopAll();
  trials = await openTrials();
});

afterAll(() => trials.close());

/** What one trial with 2 processes finds; the page takes about 0.5 s, and the edit comes 0.25 s after its load began. */
async function findingsOf(name: string): Promise<Findings | undefined> {
  const arm = ARMS.find((one) => one.name === name)!;
  const record = await trials.run({
    ...arm,
    processes: 2,
    load: { kind: 'open', ratePerSecond: 20, arrivals: 'even', expectedP99Ms: 100 },
    warmSeconds: 0.5,
    measureSeconds: 1,
    dbLatency: '4',
    // A process that gave Redis up would load past the lease.
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '5000' },
    protocol,
    experiment: 'peers',
    flagsAsMeasures: {
      'host-busy': 'not the question here',
      'foreign-cpu': 'not the question here',
    },
  });
  if (record.state === 'failed') throw new Error(record.error);
  expect(record.flags.filter(({ flag }) => flag === 'wrong-state')).toEqual([]);
  return record.measurement?.findings;
}

test('2 processes of a library load an expired page twice, and an edit during a load leaves the old page', async () => {
  const findings = await findingsOf('async-cache-dedupe-x4');
  expect(new Set(findings?.samples['loadsPerExpiry'])).toEqual(new Set([2]));
  expect(findings?.totals['edits']).toBeGreaterThan(0);
  expect(findings?.totals['staleSets']).toBe(findings?.totals['edits']);
});

test('2 processes of hardened load it once, and no edit leaves the old page', async () => {
  const findings = await findingsOf('hardened-x4');
  expect(new Set(findings?.samples['loadsPerExpiry'])).toEqual(new Set([1]));
  expect(findings?.totals['edits']).toBeGreaterThan(0);
  expect(findings?.totals['staleSets']).toBe(0);
});

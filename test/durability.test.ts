import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Arm, Load } from '../lab/experiment.ts';
import { judgeDurability, type Write } from '../lab/oracle/durability.ts';
import type { Hands, Protocol } from '../lab/protocol.ts';
import type { Findings } from '../lab/result.ts';
import { readAll, startNode } from '../scenarios/durability/node.ts';
import { argumentsOf, depthOf, type Mode } from '../scenarios/durability/plan.ts';
import { requireTool, testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

const LOAD: Load = { kind: 'closed', virtualUsers: 1 };
const DEPTH = depthOf({ rounds: 1, warmSeconds: 0, measureSeconds: 1 });

let trials: Trials;
beforeAll(async () => {
  trials = await openTrials();
});
afterAll(() => trials.close());

/** A trial that is judged by what its protocol found; other tests may keep the machine busy. */
async function trial(
  run: Protocol['run'],
  parameters: NonNullable<Arm['parameters']> = {},
): Promise<Findings> {
  const record = await trials.run({
    ...{ load: LOAD, pages: false, experiment: 'durability', measureSeconds: 1, parameters },
    protocol: { run },
    flagsAsMeasures: { 'foreign-cpu': 'what is counted does not depend on it' },
  });
  expect(invalidFlags(record)).toEqual([]);
  return measurementOf(record).findings!;
}

/** Writes 20 dishes and deletes the first of them, lets the world interfere, reads back and judges. */
function harness(
  mode: Mode,
  interfere: (
    key: (index: number) => string,
    hands: Hands,
    node: Awaited<ReturnType<typeof startNode>>,
  ) => Promise<unknown>,
): Protocol['run'] {
  return async (hands) => {
    const node = await startNode(hands, {
      folder: hands.folder('x'),
      args: argumentsOf(mode, DEPTH),
    });
    const key = (index: number): string => `dish:${index}`;
    const writes: Write[] = [];
    for (let index = 0; index < 20; index += 1) {
      await node.client.set(key(index), `price ${index}`);
      writes.push({ key: key(index), value: `price ${index}`, ackMs: performance.now() });
    }
    await node.client.del(key(0));
    writes.push({ key: key(0), value: null, ackMs: performance.now() });
    await interfere(key, hands, node);
    const found = await readAll(node.client);
    const { windowMs, ...counts } = judgeDurability(writes, found, await node.kill());
    return {
      load: null,
      problems: [],
      findings: { totals: { ...counts }, samples: { windowMs: [windowMs] }, series: [], notes: [] },
    };
  };
}

const NONE = {
  acknowledged: 21,
  lost: 0,
  missing: 0,
  old: 0,
  resurrected: 0,
  foreign: 0,
  holes: 0,
};

test('the harness counts what is taken away behind its back: one key deleted, one put back, one with the value of another', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  expect((await trial(harness('none', async () => {}))).totals).toEqual(NONE);
  const deleted = await trial(harness('none', (key, _hands, { client }) => client.del(key(7))));
  expect(deleted.totals).toEqual({ ...NONE, lost: 1, missing: 1, holes: 1 });
  const raised = await trial(
    harness('none', (key, _hands, { client }) => client.set(key(0), 'price 0')),
  );
  expect(raised.totals).toEqual({ ...NONE, lost: 1, resurrected: 1 });
  const planted = await trial(
    harness('none', (key, _hands, { client }) => client.set(key(3), 'price 4')),
  );
  expect(planted.totals).toMatchObject({ lost: 1, foreign: 1 });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Load } from '../lab/experiment.ts';
import { judgeDurability, type Write } from '../lab/oracle/durability.ts';
import type { Hands, Protocol } from '../lab/protocol.ts';
import type { Findings } from '../lab/result.ts';
import { coldHour } from '../scenarios/durability/hour.ts';
import { killOnce, traceOnce } from '../scenarios/durability/losses.ts';
import { timeReads } from '../scenarios/durability/memory-disk.ts';
import { type Node, readAll, startNode } from '../scenarios/durability/node.ts';
import { argumentsOf, depthOf, type Mode } from '../scenarios/durability/plan.ts';
import { recover, resurrect } from '../scenarios/durability/recovery.ts';
import { findOnPath } from '../lab/provision/programs.ts';
import { requireTool, testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

const LOAD: Load = { kind: 'closed', virtualUsers: 1 };
const DEPTH = {
  ...depthOf({ rounds: 1, warmSeconds: 0, measureSeconds: 1 }),
  ...{ writeSeconds: 1, traceSeconds: 1, cuts: 2 },
};

let trials: Trials;
beforeAll(async () => {
  trials = await openTrials();
});
afterAll(() => trials.close());

/** A trial that is judged by what its protocol found; other tests may keep the machine busy. */
async function trial(run: Protocol['run']): Promise<Findings> {
  const record = await trials.run({
    ...{ load: LOAD, pages: false, experiment: 'durability', measureSeconds: 1 },
    protocol: { run },
    flagsAsMeasures: { 'foreign-cpu': 'what is counted does not depend on it' },
  });
  expect(invalidFlags(record)).toEqual([]);
  return measurementOf(record).findings!;
}

/** Writes 20 dishes and deletes the first of them, lets the world interfere, reads back and judges. */
function harness(
  mode: Mode,
  interfere: (key: (index: number) => string, hands: Hands, node: Node) => Promise<unknown>,
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

/** What one look at a real server gives, as totals of a trial. */
function look(at: (hands: Hands) => Promise<Record<string, number>>): Promise<Findings['totals']> {
  return trial(async (hands) => ({
    load: null,
    problems: [],
    findings: { totals: await at(hands), samples: {}, series: [], notes: [] },
  })).then(({ totals }) => totals);
}

test('kill -9 takes nothing acknowledged from a log, and most of what was written from a server that keeps nothing', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const { everysec, mixed, none } = await look(async (hands) => {
    const lost = async (mode: Mode): Promise<number> => {
      const { durability, written } = await killOnce(hands, mode, DEPTH, 0.5);
      expect(durability).toMatchObject({ foreign: 0, holes: 0 });
      expect(durability.acknowledged).toBeGreaterThan(written.writes.length / 2);
      return durability.lost / durability.acknowledged;
    };
    return {
      everysec: await lost('aof-everysec'),
      mixed: await lost('mixed'),
      none: await lost('none'),
    };
  });
  expect([everysec, mixed]).toEqual([0, 0]);
  expect(none).toBeGreaterThan(0.6);
});

test('by the model a power cut takes nothing from a log that is synced before each answer, and all from one that never is', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  requireTool(findOnPath(['strace'], process.env), 'strace', context.skip);
  const { always, never, cuts } = await look(async (hands) => {
    const share = async (mode: Mode): Promise<number> => {
      const traced = await traceOnce(hands, mode, DEPTH);
      expect(traced.durability.lost).toBe(0); // the kill alone takes nothing
      expect(traced.cuts.map(({ acknowledged }) => acknowledged > 100)).toEqual([true, true]);
      const sum = (of: 'lost' | 'acknowledged'): number =>
        traced.cuts.reduce((total, one) => total + one[of], 0);
      return sum('lost') / sum('acknowledged');
    };
    return { always: await share('aof-always'), never: await share('aof-no'), cuts: 2 };
  });
  expect({ always, cuts }).toEqual({ always: 0, cuts: 2 });
  expect(never).toBeGreaterThan(0.6);
});

test('5 prices that were deleted after a snapshot are back after kill -9, with their TTL; a log does not bring them back', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const back = await look(async (hands) => {
    const [rdb, log] = [await resurrect(hands, 'rdb'), await resurrect(hands, 'mixed')];
    expect(Math.min(...rdb.ttlSeconds)).toBeGreaterThan(3000);
    return { rdb: rdb.durability.resurrected, log: log.durability.resurrected };
  });
  expect(back).toEqual({ rdb: 5, log: 0 });
});

test('2,000 keys are there after two restarts of each form; a snapshot in front of the log takes a third of its bytes', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const { log, mixed } = await look(async (hands) => {
    const bytes = async (mode: Mode): Promise<number> => {
      const found = await recover(hands, mode, 2000, 2);
      expect(found.problems).toEqual([]);
      expect(found.readyAfterMs).toHaveLength(2);
      return found.bytes;
    };
    return { log: await bytes('aof-everysec'), mixed: await bytes('mixed') };
  });
  expect(mixed! / log!).toBeLessThan(0.4);
});

test('after an empty start nearly all of 1,000 pages are loaded within the hour; kept copies are there at once', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  const found = await look(async (hands) => {
    const hour = { ...DEPTH, hourSeconds: 1 };
    const [empty, kept] = [
      await coldHour(hands, 'none', hour),
      // Twice as long a life: copies end while a busy machine starts the server.
      await coldHour(hands, 'aof-everysec', { ...hour, hourSeconds: 2 }),
    ];
    const loads = empty.minutes
      .filter(({ minute }) => minute >= 0 && minute < 60)
      .reduce((sum, one) => sum + one.loads, 0);
    return { loads, keptAfterEmpty: empty.kept, kept: kept.kept };
  });
  expect(found['keptAfterEmpty']).toBe(0);
  expect(found['loads']).toBeGreaterThan(900);
  expect(found['kept']).toBeGreaterThan(100);
});

test('reads from memory and disk are timed in blocks; without reads past the page cache a note says so', async () => {
  const { memory, postgres, told } = await look(async (hands) => {
    const times = await timeReads(hands, { ...DEPTH, diskMebibytes: 2, blocks: 2 });
    return {
      memory: times.memoryMs.length,
      postgres: times.postgresMs.length,
      told: times.diskMs.length === 2 || times.notes.length === 1 ? 1 : 0,
    };
  });
  expect({ memory, postgres, told }).toEqual({ memory: 2, postgres: 2, told: 1 });
});

import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { experiment } from './experiment.ts';
import { type ArmName, OPERATIONS } from './plan.ts';
import { commandsOf } from './slow-log.ts';

/** Wait of others and time inside the server, in ms, by operation. */
type Waits = Partial<Record<string, { felt: number; server?: number; took?: number }>>;

const VALUE: Waits = {
  quiet: { felt: 1.6 },
  get: { felt: 11, server: 6.5 },
  set: { felt: 5.5, server: 1.3 },
  del: { felt: 2, server: 1.1 },
  unlink: { felt: 2, server: 1.1 },
  'get-gzip': { felt: 2.2, server: 0.4 },
  'get-part': { felt: 1.5 },
  'hget-field': { felt: 1.5 },
  'awaited-parts': { felt: 3 },
  'mget-parts': { felt: 11, server: 9 },
  'pipeline-parts': { felt: 10, server: 0.6 },
};
const MANY = {
  members: {
    hgetall: { felt: 700, server: 690, took: 760 },
    hscan: { felt: 5, server: 1.5, took: 1500 },
    smembers: { felt: 500, server: 495, took: 520 },
    sscan: { felt: 5, server: 1.5, took: 1100 },
  } satisfies Waits,
  keyspace: {
    keys: { felt: 500, server: 495, took: 495 },
    scan: { felt: 5, server: 1.5, took: 1000 },
  } satisfies Waits,
};

/** Each doing a little different from the next, by ± 5 %. */
const around = (value: number): number[] =>
  [0.95, 0.97, 0.99, 1, 1.01, 1.03, 1.05].map((factor) => factor * value);

function analysed(arms: Partial<Record<ArmName, Waits>>): ExperimentAnalysis {
  const records = madeUpRecords(
    experiment,
    Object.fromEntries(Object.keys(arms).map((arm) => [arm, { medianMs: 1, selectsPerPage: 0 }])),
    1,
  );
  for (const record of records) {
    if (record.state !== 'completed') continue;
    const waits = Object.entries(arms).find(([arm]) => arm === record.arm)?.[1] ?? {};
    const samples = Object.entries(waits).flatMap(([name, one]): [string, number[]][] => [
      [`${name}/feltMs`, around(one?.felt ?? 0)],
      [`${name}/longestCommandMs`, around(one?.server ?? 0)],
      [`${name}/tookMs`, around(one?.took ?? 1)],
      [`${name}/p99Ms`, [(one?.server ?? 0) > 20 ? (one?.server ?? 0) - 11 : 2]],
      [`${name}/periodMs`, [1100]],
    ]);
    record.measurement.findings = {
      ...{ totals: {}, samples: Object.fromEntries(samples), notes: [] },
      series: Object.keys(waits).map((name) => ({
        name,
        points: [
          [0, 1],
          [5, 2],
        ],
      })),
    };
  }
  return analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, records);
}

const claimOf = (id: string, arms: Parameters<typeof analysed>[0]) =>
  analysed(arms).claims.find((one) => one.id === id);

describe('C17', () => {
  const judged = (changed: Waits) => claimOf('C17', { value: { ...VALUE, ...changed } });

  test('depends: a GET holds others up, compression and single parts help, all parts at once do not', () => {
    const claim = judged({});
    expect(claim?.verdict).toBe('depends');
    expect(claim?.reason).toContain('not with MGET of all 240 parts 11 ms and 240 GETs in one');
    expect(claim?.reason).toContain('SLOWLOG at its 10 ms has 0 of 7 GETs');
    expect(claim?.reason).toContain('no difference');
  });

  test('is confirmed if all parts at once hold nobody up either', () => {
    const claim = judged({ 'mget-parts': { felt: 3 }, 'pipeline-parts': { felt: 3 } });
    expect(claim?.verdict).toBe('confirmed');
  });

  test('is refuted if reading 10 MB is felt no more than nothing, and if no cure helps', () => {
    expect(judged({ get: { felt: 1.6, server: 1 } })?.verdict).toBe('refuted');
    const cures = ['get-gzip', 'get-part', 'hget-field', 'awaited-parts'];
    const same = Object.fromEntries(cures.map((name) => [name, { felt: 11 }]));
    expect(judged(same)?.reason).toContain('none of these helps');
  });

  test('tells of an UNLINK that differs from DEL', () => {
    expect(judged({ del: { felt: 20, server: 19 } })?.reason).not.toContain('no difference');
  });
});

describe('C19', () => {
  test('is confirmed: three commands hold others up for 0.5 s, three scans for one step', () => {
    const claim = claimOf('C19', MANY);
    expect(claim?.verdict).toBe('confirmed');
    expect(claim?.reason).toBe(
      'all steps together took 1 s instead of 495 ms, 1.1 s instead of 520 ms and 1.5 s instead of 760 ms',
    );
  });

  test('depends if one scan has a step of 12 ms, is refuted if no command takes 10 ms', () => {
    const slowStep = { ...MANY, keyspace: { ...MANY.keyspace, scan: { felt: 14, server: 12 } } };
    expect(claimOf('C19', slowStep)?.verdict).toBe('depends');
    expect(claimOf('C19', slowStep)?.reason).toContain('not so for KEYS and SCAN');
    const fast = { felt: 8, server: 7 };
    const none = {
      members: { ...MANY.members, hgetall: fast, smembers: fast },
      keyspace: { ...MANY.keyspace, keys: fast },
    };
    expect(claimOf('C19', none)?.verdict).toBe('refuted');
  });

  test('is not judged without the members', () => {
    expect(claimOf('C19', { keyspace: MANY.keyspace })?.verdict).toBe('not judged');
  });
});

test('a p99 that lies 1 % of the period below the command’s time is what theory says; half of it is not', () => {
  const rows = analysed(MANY).theory ?? [];
  expect(rows.map(({ arm, agrees }) => [arm, agrees])).toEqual([
    ['members', true],
    ['members', true],
    ['keyspace', true],
  ]);
  const slower = { ...MANY, keyspace: { keys: { felt: 500, server: 15 } } };
  expect(analysed(slower).theory?.at(-1)?.agrees).toBe(false);
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({ value: VALUE, ...MANY });
  expect(analysis.answer).toContain(
    'While 10 MB are read, others wait up to 11 ms (10.4 ms to 11.6 ms) instead of 1.6 ms',
  );
  expect(experiment.charts(analysis).map(({ id }) => id)).toEqual([
    'big-key-felt-value',
    'big-key-around-value',
    'big-key-felt-many',
    'big-key-around-many',
    'big-key-trials',
  ]);
  for (const [arm, operations] of Object.entries(OPERATIONS))
    expect(operations[0]?.[0], arm).toBe('quiet');
});

test('commands in the log that read small keys are not those of the operation', () => {
  const entries = [
    { ms: 7, words: ['get', 'big'] },
    { ms: 3, words: ['get', 'small:17'] },
    { ms: 2, words: ['SLOWLOG', 'GET'] },
  ];
  expect(commandsOf(entries, ['GET'])).toEqual([7]);
});

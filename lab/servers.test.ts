import { expect, test } from 'vitest';
import type { LabStats, PhaseStats } from './server-protocol.ts';
import { sumStats } from './servers.ts';

const phase: PhaseStats = {
  ...{ requests: 0, outcomes: {}, errors: 0, shed: 0, loads: 0, selects: 0, hdr: null },
};

function stats(redis: LabStats['redis']): LabStats {
  return {
    phases: { measure: phase, other: phase },
    pool: { size: 1, total: 0, idle: 0, waiting: 0, maxWaiting: 0, shed: 0 },
    ...{ selectsTotal: 0, redis, eventLoopDelayP99Ms: 0, menuVersions: {}, cacheEvents: {} },
    filter: null,
  };
}

test('of several processes the circuit that fares worst is told, and the openings of all are added up', () => {
  const sum = sumStats([
    stats({ state: 'up', circuit: 'closed', opened: 1 }),
    stats({ state: 'down', circuit: 'open', opened: 3 }),
    stats({ state: 'down', circuit: 'half-open', opened: 2 }),
  ]);
  expect(sum.redis).toEqual({ state: 'down', circuit: 'open', opened: 6 });
});

test('processes without a breaker stay without one', () => {
  const off = { state: 'up', circuit: 'off', opened: 0 } as const;
  expect(sumStats([stats(off), stats(off)]).redis).toEqual(off);
});

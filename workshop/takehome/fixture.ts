import type { Environment } from '../../lab/result.ts';
import { seededRandom } from '../../lab/seeded-random.ts';
import {
  ACTIONS,
  FIRST_KNOBS,
  type Knobs,
  type Mark,
  QUESTIONS,
  type Sample,
} from '../contract.ts';
import type { Session } from './session.ts';

const OPENED_AT_MS = Date.UTC(2026, 0, 15, 9, 30);

/** Policies of the made-up session, each for an equal share of it. */
const POLICIES = [
  ['uncached', 'No cache'],
  ['cached', 'Cache-aside, 1 h'],
  ['short-ttl', 'Cache-aside, 60 s'],
  ['event-driven', 'NOTIFY, then DEL'],
  ['single-flight', 'Single-flight'],
  ['lease', 'Lease'],
  ['hardened', 'All together'],
] as const;

const ENVIRONMENT: Environment = {
  ...{ cachelab: '0.0.0-fixture', gitCommit: '0'.repeat(40), gitDirty: false },
  ...{ cpuModel: 'Made-up CPU (nothing here was measured)', cpuCount: 2, memoryGiB: 8 },
  ...{ platform: 'linux x64', kernel: '6.1.0', container: false, cgroupCpuLimit: null },
  ...{ node: 'v20.20.2', k6: { version: '1.8.1', origin: 'PATH' } },
  postgres: { version: '18.4', origin: 'npm package', settings: { fsync: 'on' } },
  redis: { version: '7.0.15', origin: 'PATH', settings: { maxmemory: '0' } },
  ...{ lockfileHash: '0123456789abcdef', datasetDigest: 'd1e5', network: 'loopback' },
};

/**
 * A made-up session of a full room: seven policies, a mark every 20 s, four minutes without Redis, a gap of a minute, 28
 * predictions to each question.
 */
export function madeUpSession(minutes = 90): Session {
  const random = seededRandom(`session of ${minutes} min`);
  const lengthMs = minutes * 60_000;
  const share = lengthMs / POLICIES.length;
  const policyAt = (ms: number): number => Math.min(POLICIES.length - 1, Math.floor(ms / share));
  const samples: Sample[] = [];
  for (let ms = 1000; ms <= lengthMs; ms += 1000) {
    const inGap = ms > 0.6 * lengthMs && ms < 0.6 * lengthMs + 60_000;
    if (!inGap) samples.push(sampleAt(ms, policyAt(ms), ms / lengthMs, random));
  }
  const knobs = POLICIES.map(([preset, policy], index) => ({
    atMs: OPENED_AT_MS + index * share,
    knobs: { ...FIRST_KNOBS, preset, readsPerSecond: 5 + index } satisfies Knobs,
    policy,
  }));
  const marks: Mark[] = [];
  for (let ms = 20_000; ms < lengthMs; ms += 20_000) {
    const id = marks.length + 1;
    const turn = id % 5 === 0;
    const action = ACTIONS[id % ACTIONS.length]!;
    marks.push({
      ...{ id, atMs: OPENED_AT_MS + ms, kind: turn ? 'knobs' : 'action' },
      what: turn ? 'ttlSeconds,jitter' : action.name,
      detail: turn ? 'ttlSeconds=60, jitter=0.1' : '150→120',
    });
  }
  return {
    openedAtMs: OPENED_AT_MS,
    endedAtMs: OPENED_AT_MS + lengthMs,
    ...{ marks, samples, knobs },
    questions: QUESTIONS.map(({ id, low, high, scale }, index) => ({
      ...{ id, askedAtMs: OPENED_AT_MS + (index + 1) * 600_000, state: 'revealed' },
      predictions: Array.from({ length: 28 }, () => {
        const place = (random() + random() + random()) / 3;
        return scale === 'log' ? low * (high / low) ** place : low + (high - low) * place;
      }).sort((a, b) => a - b),
      answer: scale === 'log' ? low * (high / low) ** 0.7 : high * 0.9,
      how: 'Measured for 20 s after the action, with 5 reads/s.',
    })),
    measured: [
      {
        atMs: OPENED_AT_MS + 1_500_000,
        measured: {
          sentence: {
            sentence: 'stale-readers',
            ...{ ttlSeconds: 60, readsPerSecond: 20, editsPerMinute: 3, loadMs: 420 },
          },
          ...{ predicted: 68.2, measured: 64.1, interval: [59.8, 68.2], unit: '%', n: 481 },
          how: 'k6 with evenly spaced reads, 24 s',
        },
      },
      {
        atMs: OPENED_AT_MS + 2_500_000,
        measured: {
          sentence: {
            sentence: 'loads-per-expiry',
            ...{ ttlSeconds: 60, readsPerSecond: 50, editsPerMinute: 0, loadMs: 420 },
          },
          ...{ predicted: 22, measured: 37, interval: null, unit: 'loads', n: 4 },
          how: 'four expiries, loads counted by the server',
        },
      },
    ],
    environment: ENVIRONMENT,
    ...{ seed: 1, stores: 200, processes: 2 },
  };
}

function sampleAt(ms: number, policy: number, at: number, random: () => number): Sample {
  const cached = policy > 0;
  const away = at > 0.8 && at < 0.845;
  const missing = !cached || away || random() < 0.01;
  const p50Ms = (missing ? 420 : 1.4) * (0.9 + 0.2 * random());
  const loads = missing ? 3 + Math.round(4 * random()) : 0;
  const idle = at > 0.9 && at < 0.91;
  return {
    ...{ id: ms / 250, atMs: OPENED_AT_MS + ms, spanMs: 1000, requests: idle ? 0 : 5 + policy },
    errors: away && random() < 0.2 ? 1 : 0,
    p50Ms: idle ? null : p50Ms,
    p99Ms: idle ? null : p50Ms * (2 + 8 * random()),
    hitRatio: idle ? null : cached ? (missing ? 0 : 0.97 + 0.03 * random()) : null,
    ...{ loadsInFlight: loads, waiting: away ? 12 : 0, selectsPerSecond: missing ? 570 : 2, loads },
    ...{ ageMaxMs: idle ? null : cached ? 60_000 * random() : 0, ageP50Ms: idle ? null : 900 },
    staleShare: idle ? null : policy === 1 || policy === 2 ? random() : 0,
    stalestMs: policy === 1 ? 30_000 : 0,
    redis: away
      ? null
      : { usedMb: 3.2, keys: 201, evictedPerSecond: 0, commandsPerSecond: cached ? 12 : 0 },
  };
}

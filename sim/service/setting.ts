import type { Arrivals } from './arrivals.ts';
import type { Distribution } from './distribution.ts';
import type { Popularity } from './popularity.ts';
import type { ServicePolicy } from './presets.ts';

/** How long a page takes to build, with a connection in its hands. */
export type LoadTime =
  /** Statement after statement, each a round trip, and BEGIN and COMMIT too: `statements` + 2 draws. Per page where they differ. */
  | {
      readonly kind: 'statements';
      readonly statements: number | Int32Array;
      readonly roundTripMs: Distribution;
    }
  /** As a whole, e.g. as measured. @property selects - What each counts in the series. */
  | { readonly kind: 'whole'; readonly ms: Distribution; readonly selects: number };

/** The gate in front of each process's database pool, as the server's. */
export interface Pool {
  readonly connections: number;
  /** Longest wait for a connection, then 503; null: for ever, in a queue without bound. */
  readonly maxWaitMs: number | null;
  /** Callers that may wait at once; more are turned away at once. */
  readonly maxWaiting: number;
}

/** Time that a process's event loop is busy, so that nobody else of that process gets on. */
export interface Cpu {
  /** For a request that finds a copy. */
  readonly hitMs: number;
  /** For one load, in equal parts after each of its round trips. */
  readonly loadMs: number;
}

/**
 * One service and its readers. To hold a prediction against a measured trial, feed what the trial measured: `arrivals` (its
 * rate, or the very times), `load` (`whole`, its own load times: on a busy machine they grow with the number of loads),
 * `pool` (connections of each process, longest wait), `processes`, the policy with its overrides, `warmed`, and with a CPU
 * limit the CPU time of a hit and of a load. Nothing else is fitted.
 */
export interface ServiceSetting {
  readonly policy: { readonly preset: string; readonly overrides?: Partial<ServicePolicy> };
  readonly arrivals: Arrivals;
  /** Default: one page. */
  readonly popularity?: Popularity;
  /** Readers take turns on them. Default: 1. */
  readonly processes?: number;
  readonly load: LoadTime;
  /** Default: the server's, 50 connections, 2 s, 20 waiting for each connection. */
  readonly pool?: Pool;
  /** One round trip to the cache; a hit takes one. Commands of one process keep their order. Default: 0.2 to 0.6 ms. */
  readonly redisMs?: Distribution;
  /** Default: null, no limit. */
  readonly cpu?: Cpu | null;
  /**
   * All pages were loaded at `atMs` (0 or before), or evenly at random over `withinMs` from then on; their lives are drawn as the
   * policy draws them. Default: null, the cache is empty.
   */
  readonly warmed?: { readonly atMs: number; readonly withinMs?: number } | null;
  /** Readers come until then; all of them are waited for. */
  readonly durationMs: number;
  /** A response that takes longer counts as slow. Default: 1200. */
  readonly slowMs?: number;
  readonly seed: number;
}

/** The server's default pool. */
export const SERVER_POOL: Pool = { connections: 50, maxWaitMs: 2000, maxWaiting: 1000 };

/** Loopback, as measured between server and Redis on one machine. */
export const LOOPBACK: Distribution = { kind: 'uniform', minMs: 0.2, maxMs: 0.6 };

/** @throws RangeError with the name, value and range of what cannot be. */
export function checkSetting(setting: ServiceSetting): void {
  const { processes = 1, pool = SERVER_POOL, cpu, warmed, load } = setting;
  whole('processes', processes, 1, 1000);
  whole('connections', pool.connections, 1, 1_000_000);
  whole('maxWaiting', pool.maxWaiting, 0, Number.MAX_SAFE_INTEGER);
  between('maxWaitMs', pool.maxWaitMs ?? 0, 0, Number.MAX_SAFE_INTEGER);
  between('durationMs', setting.durationMs, 1, Number.MAX_SAFE_INTEGER);
  between('slowMs', setting.slowMs ?? 0, 0, Number.MAX_SAFE_INTEGER);
  between('cpu.hitMs', cpu?.hitMs ?? 0, 0, 60_000);
  between('cpu.loadMs', cpu?.loadMs ?? 0, 0, 600_000);
  between('warmed.atMs', warmed?.atMs ?? 0, -Number.MAX_SAFE_INTEGER, 0);
  between('warmed.withinMs', warmed?.withinMs ?? 0, 0, -(warmed?.atMs ?? 0));
  whole('seed', setting.seed, 0, Number.MAX_SAFE_INTEGER);
  if (load.kind === 'whole') whole('selects', load.selects, 0, 1_000_000);
  else if (typeof load.statements === 'number') whole('statements', load.statements, 1, 1_000_000);
}

function whole(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value)) throw new RangeError(`${name}: ${value}; allowed: whole numbers`);
  between(name, value, low, high);
}

function between(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new RangeError(`${name}: ${value}; allowed: ${low} to ${high}`);
}

import { OUTCOMES } from '../../lab/result.ts';
import type { TakenJournal } from '../../lab/server-protocol.ts';
import type { RoomState, Sample } from '../contract.ts';
import { READING_COMMANDS, type RedisReading } from './redis.ts';

/** Handling times and the hit ratio are those of the last so many ms: less would be noise at 5 views a second. */
const WINDOW_MS = 2000;
/** At 10 edits a second some 3 h; an answer that is older still counts from the first that is kept. */
const MAX_EDITS = 100_000;

/** Outcomes that `/cache/stats` counts as hits. */
const HITS = new Set(['hit', 'early', 'stale'].map((name) => OUTCOMES.indexOf(name as never)));

/** One page request as the journal of its server has it. */
export interface PageRead {
  slug: string;
  startUs: number;
  endUs: number;
  status: number;
  /** A hit as the server counts hits; null: the request asked no cache, because it failed before. */
  hit: boolean | null;
  /** Of the menu that the answer shows; 0 without a page. */
  version: number;
  /** Age of the answer when it was sent, ms; null without a page. */
  ageMs: number | null;
}

/** A page built from the database. */
export interface PageLoad {
  slug: string;
  startUs: number;
  endUs: number;
}

/** What the servers did between two looks. */
export interface Look {
  /** When it was taken, CLOCK_MONOTONIC. */
  nowUs: number;
  reads: PageRead[];
  loads: PageLoad[];
  writes: { slug: string; ackUs: number; version: number }[];
  inUse: number;
  waiting: number;
  /** SELECTs since the look before. */
  selects: number;
  circuit: RoomState['circuit'];
}

const CIRCUITS = ['off', 'closed', 'half-open', 'open'] as const;

/** Makes one look of what several processes answered. @param selectsBefore - By process, as they counted at the look before. */
export function lookAt(
  taken: readonly TakenJournal[],
  selectsBefore: readonly (number | undefined)[],
): Look {
  const look: Look = {
    ...{ nowUs: 0, reads: [], loads: [], writes: [] },
    ...{ inUse: 0, waiting: 0, selects: 0, circuit: 'off' },
  };
  for (const [index, { journal, nowUs, nowMs, pool, selects, redis }] of taken.entries()) {
    const { slugs, reads, loads, writes } = journal;
    look.nowUs = Math.max(look.nowUs, nowUs);
    look.inUse += pool.inUse;
    look.waiting += pool.waiting;
    look.selects += selects - (selectsBefore[index] ?? selects);
    if (CIRCUITS.indexOf(redis.circuit) > CIRCUITS.indexOf(look.circuit))
      look.circuit = redis.circuit;
    for (const [row, slug] of reads.slug.entries()) {
      const endUs = reads.endUs[row]!;
      const loadedAtMs = reads.loadedAtMs[row]!;
      const outcome = reads.outcome[row]!;
      look.reads.push({
        slug: slugs[slug]!,
        startUs: reads.startUs[row]!,
        endUs,
        status: reads.status[row]!,
        hit: outcome < 0 ? null : HITS.has(outcome),
        version: reads.version[row]!,
        ageMs: loadedAtMs === 0 ? null : Math.max(0, nowMs - (nowUs - endUs) / 1000 - loadedAtMs),
      });
    }
    for (const [row, slug] of loads.slug.entries()) {
      if (loads.version[row]! <= 0) continue;
      look.loads.push({
        ...{ slug: slugs[slug]!, startUs: loads.startUs[row]! },
        endUs: loads.endUs[row]!,
      });
    }
    for (const [row, slug] of writes.slug.entries()) {
      look.writes.push({
        ...{ slug: slugs[slug]!, ackUs: writes.ackUs[row]! },
        version: writes.version[row]!,
      });
    }
  }
  return look;
}

/** Turns looks into samples. It keeps what a window of time needs, and nothing else. */
export class Meter {
  /** Acknowledged changes of the one store that is edited, by version. */
  readonly #edits: { version: number; ackUs: number }[] = [];
  readonly #slug: string;
  #window: { atMs: number; reads: PageRead[] }[] = [];
  #redis: (RedisReading & { atMs: number }) | null = null;

  /** @param slug - The store whose prices change. */
  constructor(slug: string) {
    this.#slug = slug;
  }

  /** A change that no journal has: made past the servers. */
  edited(version: number, ackUs: number): void {
    const at = this.#edits.findLastIndex((edit) => edit.version < version) + 1;
    if (this.#edits[at]?.version !== version) this.#edits.splice(at, 0, { version, ackUs });
    if (this.#edits.length > MAX_EDITS) this.#edits.shift();
  }

  /**
   * How long an answer had been wrong when it was sent, in ms; 0: it was right. It is wrong if a newer price was acknowledged before
   * its request came. An edit is known here when its server has done its part, some ms after the COMMIT as a rule: the
   * answers of these ms may count as right.
   */
  wrongMs({ slug, version, startUs, endUs }: PageRead): number {
    if (version === 0 || slug !== this.#slug) return 0;
    let [low, high] = [0, this.#edits.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#edits[middle]!.version > version) high = middle;
      else low = middle + 1;
    }
    const newer = this.#edits[low];
    return newer === undefined || newer.ackUs > startUs ? 0 : (endUs - newer.ackUs) / 1000;
  }

  sample(
    look: Look,
    redis: RedisReading | null,
    span: { atMs: number; spanMs: number },
  ): Omit<Sample, 'id'> {
    const { atMs, spanMs } = span;
    for (const write of look.writes)
      if (write.slug === this.#slug) this.edited(write.version, write.ackUs);
    this.#window.push({ atMs, reads: look.reads });
    this.#window = this.#window.filter((entry) => entry.atMs > atMs - WINDOW_MS);
    const recent = this.#window.flatMap(({ reads }) => reads);
    const micros = recent.map(({ startUs, endUs }) => endUs - startUs).sort(ascending);
    const asked = recent.filter(({ hit }) => hit !== null);
    const pages = look.reads.filter(({ ageMs }) => ageMs !== null);
    const ages = pages.map(({ ageMs }) => ageMs!).sort(ascending);
    const wrong = pages.map((read) => this.wrongMs(read)).filter((ms) => ms > 0);
    return {
      atMs,
      spanMs,
      requests: look.reads.length,
      errors: look.reads.filter(({ status }) => status >= 500).length,
      p50Ms: milliseconds(quantile(micros, 0.5)),
      p99Ms: milliseconds(quantile(micros, 0.99)),
      hitRatio: asked.length === 0 ? null : asked.filter(({ hit }) => hit).length / asked.length,
      loadsInFlight: look.inUse,
      waiting: look.waiting,
      selectsPerSecond: perSecond(look.selects, spanMs),
      ageMaxMs: rounded(ages.at(-1) ?? null),
      ageP50Ms: rounded(quantile(ages, 0.5)),
      staleShare: pages.length === 0 ? null : wrong.length / pages.length,
      stalestMs: Math.round(Math.max(0, ...wrong)),
      loads: look.loads.length,
      redis: this.#redisFigures(redis, atMs),
    };
  }

  #redisFigures(now: RedisReading | null, atMs: number): Sample['redis'] {
    const before = this.#redis;
    this.#redis = now === null ? null : { ...now, atMs };
    if (now === null) return null;
    const spanMs = before === null ? 0 : atMs - before.atMs;
    // A Redis that was started again counts from 0.
    const since = (name: 'evicted' | 'commands', own: number): number =>
      before === null ? 0 : perSecond(Math.max(0, now[name] - before[name] - own), spanMs);
    return {
      usedMb: Math.round(now.usedMb * 100) / 100,
      keys: now.keys,
      evictedPerSecond: since('evicted', 0),
      commandsPerSecond: since('commands', READING_COMMANDS),
    };
  }
}

/** The smallest value that at least this share of all does not exceed; null without values. @param sorted - Ascending. */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

export const ascending = (a: number, b: number): number => a - b;

function milliseconds(us: number | null): number | null {
  return us === null ? null : Math.round(us / 10) / 100;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function perSecond(count: number, spanMs: number): number {
  return spanMs <= 0 ? 0 : Math.round((count * 10_000) / spanMs) / 10;
}

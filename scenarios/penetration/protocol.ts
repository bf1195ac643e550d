import type { Redis } from 'ioredis';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import { loadsPerExpiry } from '../../lab/theory/avalanche.ts';
import { storeSlug } from '../lib/stores.ts';
import { createStores } from './new-stores.ts';
import { CONNECTIONS, designOf, FLOOD_USERS, GOOD_STORES, PRIMED_STORES } from './plan.ts';
import { countRequests } from './requests.ts';

const BATCH = 1000;

/** Primes the popular stores, floods the server with requests for absent ones, weighs what they left, creates stores. */
export const protocol: Protocol = {
  seconds: (_arm, design) => PRIMED_STORES / 20 + design.warmSeconds + design.measureSeconds + 1,
  async run(hands) {
    const design = designOf(hands.arm);
    const known = await knownStores(hands);
    const stores = Math.min(GOOD_STORES, known - 1);
    await prime(hands, Math.min(PRIMED_STORES, stores));
    const { filter } = await hands.stats();

    const running = hands.load({
      extra: {
        ...{ stores, distinct: design.distinct },
        ...{ floodPerSecond: design.floodPerSecond, floodUsers: FLOOD_USERS },
      },
    });
    await running.measureBegins;
    const startUs = hands.nowUs();
    hands.event('fault', 'the flood begins');
    const { redis } = hands;
    if (design.headroomBytes !== null) {
      const used = await memoryOf(redis);
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await redis.config('SET', 'maxmemory', used + design.headroomBytes);
    }
    const load = await running.done;
    const evicted = await infoNumber(redis, 'stats', 'evicted_keys');
    // Before the notes are weighed: stores are created while Redis is as the flood left it.
    const requests = countRequests(await hands.journals(), {
      startUs,
      seconds: Math.floor(hands.design.measureSeconds),
    });
    const created = await createStores(hands);
    const notes = await weighNotes(redis, hands.catalogKey('absent-'));

    const { absentSelectsBySecond, goodReadsBySecond, goodHitsBySecond } = requests;
    const { absent, absentLookUps, absentSelects, absentShed } = requests;
    const { goodReads, goodFailed, goodHits } = requests;
    const perSlug = design.floodPerSecond / Math.max(1, design.distinct);
    const expected = requests.firstLookUpSeconds.map((seconds) => loadsPerExpiry(perSlug, seconds));
    const wanted = design.floodPerSecond * hands.design.measureSeconds;
    return {
      load,
      problems: absent < wanted * 0.95 ? [`the flood had ${absent} requests, not ${wanted}`] : [],
      findings: {
        totals: {
          ...{ absent, absentLookUps, absentSelects, absentShed, goodReads, goodFailed, goodHits },
          ...(design.distinct === 0 ? {} : { lookUpsExpected: sum(expected) }),
          ...{ evicted, noteKeys: notes.keys, noteBytes: notes.bytes },
          created: created.visibleAfterMs.length,
          falseNotFound: created.falseNotFound,
          unannouncedNotFound: created.unannouncedNotFound,
        },
        samples: {
          knownStores: [known],
          ...(design.filter === null
            ? {}
            : {
                filterCapacity: [design.filter.capacity],
                filterRate: [design.filter.falsePositiveRate],
                ...(filter === null
                  ? {}
                  : { filterSetShare: [filter.setShare], filterHashes: [filter.hashes] }),
              }),
          selectsPerBadRequest: [absentLookUps / Math.max(1, absent)],
          goodHitShare: [goodHits / Math.max(1, goodReads)],
          goodFailedShare: [goodFailed / Math.max(1, goodReads)],
          visibleAfterMs: created.visibleAfterMs,
          ...(notes.keys === 0 ? {} : { bytesPerNote: [notes.bytes / notes.keys] }),
          ...(created.unannouncedHiddenMs === null
            ? {}
            : { unannouncedHiddenMs: [created.unannouncedHiddenMs] }),
        },
        series: [
          {
            name: 'absentSelects',
            points: absentSelectsBySecond.map((value, second) => [second, value]),
          },
          {
            name: 'goodHitShare',
            points: goodHitsBySecond.map((value, second) => [
              second,
              value / Math.max(1, goodReadsBySecond[second]!),
            ]),
          },
        ],
        notes: [],
      },
    };
  },
};

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

async function knownStores(hands: Hands): Promise<number> {
  const client = await hands.connect();
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM cachelab.stores');
  return Number(rows[0]?.count);
}

async function prime(hands: Hands, stores: number): Promise<void> {
  const waiting = Array.from({ length: stores }, (_, index) => storeSlug(index + 1));
  const worker = async (): Promise<void> => {
    for (let slug = waiting.pop(); slug !== undefined; slug = waiting.pop()) {
      const { status } = await hands.servers[0]!.page(`/stores/${slug}/catalog`);
      if (status !== 200) throw new Error(`priming ${slug} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** What the notes of absent stores take: the memory that Redis has more of when they are gone. */
async function weighNotes(redis: Redis, prefix: string): Promise<{ keys: number; bytes: number }> {
  const keys: string[] = [];
  for await (const found of redis.scanStream({ match: `${prefix}*`, count: BATCH })) {
    keys.push(...(found as string[]));
  }
  const before = await memoryOf(redis);
  for (let from = 0; from < keys.length; from += BATCH) {
    await redis.del(...keys.slice(from, from + BATCH));
  }
  return { keys: keys.length, bytes: before - (await memoryOf(redis)) };
}

const memoryOf = (redis: Redis): Promise<number> => infoNumber(redis, 'memory', 'used_memory');

async function infoNumber(redis: Redis, section: string, name: string): Promise<number> {
  const line = new RegExp(`^${name}:(\\d+)`, 'm').exec(await redis.info(section));
  return Number(line?.[1] ?? Number.NaN);
}

import { LabError } from '../../lab/errors.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { inAnyOrder, readMicros, remove, write } from './churn.ts';
import { type MemoryFigures, readMemory } from './memory.ts';
import {
  CURE_MS,
  CURES,
  type Cure,
  DEFRAG_SETTINGS,
  DELETED_SHARE,
  KEYS,
  OVERWRITES,
  REST_MS,
  SERIOUS_RATIO,
} from './plan.ts';

const WATCH_EVERY_MS = 100;
const RESTART_WITHIN_MS = 10_000;

/** Measured on 2 cores: filling, overwriting, deleting and reading; then the cure. */
const CHURN_SECONDS = 5;

/** Values of changing sizes, then deletes; then one cure. */
export const protocol: Protocol = {
  seconds: () => CHURN_SECONDS + CURE_MS / 1000,
  async run(hands) {
    const { redis, random } = hands;
    const keys = Number(hands.arm.parameters?.['keys'] ?? KEYS);
    const watch = watchMemory(hands);
    const findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };
    const note = (moment: string, figures: MemoryFigures): void => {
      findings.samples[`ratio ${moment}`] = [figures.ratio];
      findings.samples[`allocatorRatio ${moment}`] = [figures.allocatorRatio];
      findings.samples[`usedMiB ${moment}`] = [figures.usedMiB];
      findings.samples[`rssMiB ${moment}`] = [figures.rssMiB];
    };
    try {
      const empty = await readMemory(redis);
      note('empty', empty);
      findings.notes.push(`The allocator is ${empty.allocator}.`);

      await write(redis, inAnyOrder(random, keys), random);
      await hands.sleep(REST_MS);
      note('full', await readMemory(redis));
      for (let turn = 0; turn < OVERWRITES; turn += 1)
        await write(redis, inAnyOrder(random, keys), random);
      await hands.sleep(REST_MS);
      note('overwritten', await readMemory(redis));

      const order = inAnyOrder(random, keys);
      const deleted = order.slice(0, Math.round(order.length * DELETED_SHARE));
      const left = order.slice(deleted.length);
      findings.samples['readMicros before'] = [await readMicros(redis, left)];
      hands.event('fault', `${Math.round(100 * DELETED_SHARE)} % of the keys are deleted`);
      await remove(redis, deleted);
      await hands.sleep(REST_MS);
      const fragmented = await readMemory(redis);
      note('fragmented', fragmented);
      findings.samples['readMicros after'] = [await readMicros(redis, left)];

      const cure = cureOf(hands);
      hands.event('heal', cure);
      const refused = await apply(hands, cure, deleted);
      if (refused !== null) findings.notes.push(refused);
      if (cure === 'activedefrag') findings.samples['supported'] = [refused === null ? 1 : 0];
      note('cured', await readMemory(redis));
      const found = await redis.dbsize();
      const wanted = cure === 'refill' ? order.length : left.length;
      return {
        load: null,
        findings: { ...findings, series: watch.series() },
        problems: [
          ...(found === wanted ? [] : [`${found} keys are left, not ${wanted}`]),
          ...(fragmented.ratio > SERIOUS_RATIO
            ? []
            : [`the ratio came to ${fragmented.ratio}, not above ${SERIOUS_RATIO}`]),
        ],
      };
    } finally {
      await watch.stop();
    }
  },
};

function cureOf({ arm }: Pick<Hands, 'arm'>): Cure {
  const cure = CURES.find((one) => one === arm.name);
  if (cure === undefined) throw new LabError('E_EXPERIMENT', `${arm.name} is no cure`);
  return cure;
}

/** @returns Why the cure was not to be had; null when it was applied. */
async function apply(hands: Hands, cure: Cure, deleted: readonly number[]): Promise<string | null> {
  const { redis, random } = hands;
  switch (cure) {
    case 'leave':
      await hands.sleep(CURE_MS);
      return null;
    case 'purge':
      await redis.memory('PURGE');
      await hands.sleep(REST_MS);
      return null;
    case 'activedefrag':
      return defragment(hands);
    case 'refill':
      await write(redis, deleted, random);
      await hands.sleep(REST_MS);
      return null;
    case 'restart':
      await restart(hands);
      return null;
    default:
      return cure satisfies never;
  }
}

/** Until the ratio is healthy, or the time is over. */
async function defragment(hands: Hands): Promise<string | null> {
  const { redis } = hands;
  const reply = await redis.config('SET', 'activedefrag', 'yes').catch((error: unknown) => error);
  if (reply instanceof Error) {
    await hands.sleep(CURE_MS);
    return `This build has no active defragmentation: ${reply.message}.`;
  }
  for (const [name, value] of DEFRAG_SETTINGS) await redis.config('SET', name, value);
  const deadlineMs = performance.now() + CURE_MS;
  while (performance.now() < deadlineMs) {
    await hands.sleep(WATCH_EVERY_MS);
    const { allocatorRatio } = await readMemory(redis);
    if (allocatorRatio < 1.1) break;
  }
  await hands.sleep(REST_MS);
  return null;
}

/** A snapshot, a kill, a start with the snapshot. */
async function restart(hands: Hands): Promise<void> {
  const { ownRedis, redis } = hands;
  if (ownRedis === null) throw new LabError('E_EXPERIMENT', 'only a Redis of its own is restarted');
  await redis.save();
  await ownRedis.kill();
  await ownRedis.restart();
  const deadlineMs = performance.now() + RESTART_WITHIN_MS;
  for (;;) {
    const figures = await readMemory(redis).catch(() => null);
    if (figures !== null && !figures.isLoading) break;
    if (performance.now() > deadlineMs)
      throw new LabError('E_OWN_REDIS', `Redis was not back in ${RESTART_WITHIN_MS} ms`);
    await hands.sleep(WATCH_EVERY_MS);
  }
  await hands.sleep(REST_MS);
}

/** Looks at the memory ten times a second beside everything else. */
function watchMemory(hands: Hands): { series(): Findings['series']; stop(): Promise<void> } {
  const begunMs = performance.now();
  const used: [number, number][] = [];
  const rss: [number, number][] = [];
  const over = new AbortController();
  const watching = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      // Nobody answers while Redis is restarted.
      const figures = await readMemory(hands.redis).catch(() => null);
      // On a grid, so that trials can be laid over each other.
      const second = Math.round((performance.now() - begunMs) / WATCH_EVERY_MS) / 10;
      if (figures !== null && second > (used.at(-1)?.[0] ?? -1)) {
        used.push([second, figures.usedMiB]);
        rss.push([second, figures.rssMiB]);
      }
      await hands.sleep(WATCH_EVERY_MS).catch(() => over.abort());
    }
  })();
  return {
    series: () => [
      { name: 'usedMiB', points: used },
      { name: 'rssMiB', points: rss },
    ],
    async stop() {
      over.abort();
      await watching;
    },
  };
}

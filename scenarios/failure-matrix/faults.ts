import type { Hands, InvalidatorHandle, Link, OwnRedis } from '../../lab/protocol.ts';
import type { Fault } from './arms.ts';
import type { Changes } from './changes.ts';

/** When the last fault was over, by the clock of the journals; null: there is nothing to heal, or each change had its own. */
type Healed = { healUs: number | null };

const FAULT_MS = 2500;
const PAUSE_MS = 150;

/**
 * Puts an invalidator behind a link that can be broken in place of the arm's own, where the fault is in that link. Before the
 * load begins: a process takes a second or more to start.
 */
export async function faultyLink(hands: Hands, fault: Fault): Promise<Link | null> {
  if (fault !== 'listener-black-hole' && fault !== 'invalidator-cut') return null;
  const form = hands.arm.policy === 'event-driven' ? 'event-driven' : 'outbox';
  const { postgres, redis } = hands.urls;
  await own(hands).kill();
  const link = await hands.link(fault === 'listener-black-hole' ? postgres : redis);
  await hands.startInvalidator(
    fault === 'listener-black-hole'
      ? { form, postgresUrl: link.url }
      : { form, redisUrl: link.url },
  );
  return link;
}

/**
 * One scripted fault: changes each dish once, so that no later change repairs what was lost.
 * @throws Error when the fault could not be made: the trial failed.
 */
export const SCRIPTS: Record<
  Fault,
  (hands: Hands, changes: Changes, link: Link | null) => Promise<Healed>
> = {
  async none(hands, changes) {
    await oneByOne(hands, changes.dishes, changes.byServer);
    return { healUs: null };
  },

  async 'psql-edit'(hands, changes) {
    await oneByOne(hands, changes.dishes, changes.byPsql);
    return { healUs: null };
  },

  /** The change is committed and its answer still on its way through the delay of the database when the process dies. */
  async 'app-killed'(hands, changes) {
    const [, writer] = hands.servers;
    const [dish] = changes.dishes;
    if (writer === undefined || dish === undefined) throw new Error('no second server to kill');
    const sendUs = hands.nowUs();
    const answer = writer
      .post(`/stores/${dish.slug}/products/${dish.id}/update-price`, { price: 120 })
      .then(
        () => true,
        () => false,
      );
    while ((await changes.version(dish)) <= 1); // no pause: the answer is on its way
    hands.event('fault', 'server killed after COMMIT');
    await writer.kill();
    if (await answer) throw new Error('the server had answered before it was killed');
    await changes.orphaned(dish, sendUs);
    return { healUs: null };
  },

  async 'listener-killed'(hands, changes) {
    await oneByOne(hands, changes.dishes, async (dish) => {
      if ((await changes.endSessions(['cachelab-invalidator'])) === 0)
        throw new Error('there was no listener to kill');
      hands.event('fault', 'listener killed');
      await changes.byPsql(dish);
      await hands.sleep(500); // it is back before the next kill
    });
    return { healUs: null };
  },

  'listener-black-hole': (hands, changes, link) =>
    during(hands, changes, 'black hole', {
      begin: () => link?.blackhole(),
      end: () => link?.heal(),
    }),

  async 'invalidator-stopped'(hands, changes) {
    const invalidator = own(hands);
    return during(hands, changes, 'invalidator stopped', {
      begin: () => invalidator.freeze(),
      end: () => invalidator.thaw(),
    });
  },

  async 'invalidator-killed'(hands, changes) {
    const invalidator = own(hands);
    return during(hands, changes, 'invalidator killed', {
      begin: () => invalidator.kill(),
      end: () => invalidator.restart(),
    });
  },

  'invalidator-cut': (hands, changes, link) =>
    during(hands, changes, 'link to Redis cut', {
      begin: () => link?.cut(),
      end: () => link?.heal(),
    }),

  /** Pages are changed and read anew between the snapshot and the crash. */
  async 'old-snapshot'(hands, changes) {
    const redis = ownRedis(hands);
    await hands.redis.save();
    await oneByOne(hands, changes.dishes, changes.byServer);
    await hands.sleep(700);
    hands.event('fault', 'Redis killed');
    await redis.kill();
    await hands.sleep(300);
    await redis.restart();
    return healed(hands, 'Redis back with old data');
  },

  /** A load has read the old price when the change commits; then Redis loses all keys, tokens and floors too; then it fills. */
  async 'flushed-mid-fill'(hands, changes) {
    ownRedis(hands);
    const { servers, redis } = hands;
    await redis.flushall();
    const pages = changes.dishes.map(({ slug }) => servers[0]!.page(`/stores/${slug}/catalog`));
    await hands.sleep(60); // their snapshots are taken: the smallest page still has 8 statements of 20 ms to go
    await Promise.all(changes.dishes.map(changes.byServer));
    hands.event('fault', 'Redis flushed');
    await redis.flushall();
    await Promise.all(pages);
    return { healUs: null };
  },

  async 'redis-frozen'(hands, changes) {
    const redis = ownRedis(hands);
    return during(
      hands,
      changes,
      'Redis frozen',
      { begin: () => redis.freeze(), end: () => redis.thaw() },
      changes.byServer,
    );
  },

  async 'redis-down'(hands, changes) {
    const redis = ownRedis(hands);
    return during(
      hands,
      changes,
      'Redis down',
      { begin: () => redis.kill(), end: () => redis.restart() },
      changes.byServer,
    );
  },

  /** Sessions are ended faster than they can be used. */
  async 'postgres-down'(hands, changes) {
    const outage = { isOver: false };
    const everybody = ['cachelab-server', 'cachelab-invalidator'];
    hands.event('fault', 'Postgres ends all sessions');
    const down = (async () => {
      while (!outage.isOver) {
        await changes.endSessions(everybody);
        await hands.sleep(5);
      }
    })();
    await hands.sleep(FAULT_MS / 2);
    await oneByOne(hands, changes.dishes, changes.byPsql);
    await hands.sleep(FAULT_MS / 2);
    outage.isOver = true;
    await down;
    return healed(hands, 'Postgres back');
  },
};

/** All dishes change while the fault lasts, in its middle. */
async function during(
  hands: Hands,
  changes: Changes,
  label: string,
  fault: { begin: () => Promise<void> | void; end: () => Promise<void> | void },
  change: Changes['byServer'] = changes.byPsql,
): Promise<Healed> {
  hands.event('fault', label);
  await fault.begin();
  await hands.sleep(FAULT_MS / 2);
  await Promise.all(changes.dishes.map(change));
  await hands.sleep(FAULT_MS / 2);
  await fault.end();
  return healed(hands, `${label}: over`);
}

function healed(hands: Hands, label: string): Healed {
  hands.event('heal', label);
  return { healUs: hands.nowUs() };
}

async function oneByOne<T>(
  hands: Hands,
  all: readonly T[],
  one: (item: T) => Promise<void>,
): Promise<void> {
  for (const item of all) {
    await one(item);
    await hands.sleep(PAUSE_MS);
  }
}

function own({ invalidator }: Hands): InvalidatorHandle {
  if (invalidator === null) throw new Error('this arm has no invalidator');
  return invalidator;
}

function ownRedis({ ownRedis: redis }: Hands): OwnRedis {
  if (redis === null) throw new Error('this arm has no Redis of its own');
  return redis;
}

import { RESTAURANT } from '../../lab/bench-context.ts';
import { LabError } from '../../lab/errors.ts';
import { ACTIONS, type ActionName } from '../contract.ts';
import { type Core, nowUs } from './core.ts';
import { DISH, FLOOD_SECONDS, PRICES, UPDATE_PATH } from './load.ts';
import { RefusalError } from './refusal.ts';

/** Of the restaurant's copy, and with a version in it. */
const CATALOG_KEY = `store_catalog:${RESTAURANT}`;
const ABSENT = 'no-such-store';

/**
 * The store's row first, as the server does: an update of the dish alone would take both locks in the other order, and one of
 * the two writers would be turned away as a deadlock.
 */
const EDIT_BEHIND = `WITH store AS (
  SELECT id FROM cachelab.stores WHERE slug = '${RESTAURANT}' FOR NO KEY UPDATE
)
UPDATE cachelab.products AS p SET price = $1 FROM store WHERE p.store_id = store.id AND p.id = ${DISH}
RETURNING p.version`;

/**
 * Each does one thing to the services, sees that it is done, and says in a few words what it was.
 * @throws RefusalError where it makes no sense now; nothing was done then.
 */
type Action = (core: Core) => Promise<string>;

const DO: Record<ActionName, Action> = {
  'edit-price': async (core) => (await editPrice(core)).detail,
  'expire-now': expireNow,
  'kill-redis': killRedis,
  'bring-redis-back': bringRedisBack,
  'freeze-redis': async ({ services: { redis } }) => {
    if (redis.state() !== 'up')
      refuse('freeze-redis', `Redis is ${redis.state()}: bring it back first (key 4).`);
    await redis.freeze();
    return 'SIGSTOP';
  },
  'drop-listener': async ({ services: { listener }, policy }) => {
    if (listener.form() === null)
      refuse(
        'drop-listener',
        `Policy ${policy.name} has no listener: choose event-driven or outbox first.`,
      );
    if (listener.state() !== 'up')
      refuse('drop-listener', `The listener is ${listener.state()}: bring it back first (key 7).`);
    const { pid } = await listener.drop();
    return `pid ${pid}`;
  },
  'bring-listener-back': async ({ services: { listener, redis }, policy }) => {
    if (listener.form() === null)
      refuse(
        'bring-listener-back',
        `Policy ${policy.name} has no listener: choose event-driven or outbox first.`,
      );
    if (listener.state() !== 'down')
      refuse(
        'bring-listener-back',
        `The listener is ${listener.state()}: there is nothing to bring back; key 6 drops it.`,
      );
    if (redis.state() !== 'up')
      refuse(
        'bring-listener-back',
        `The listener needs Redis, and Redis is ${redis.state()}: bring it back first (key 4).`,
      );
    await listener.restore();
    return listener.form() ?? '';
  },
  'ask-missing': async (core) => {
    const answer = await core.nextStore().say('GET', `/stores/${ABSENT}/catalog`);
    const selects = answer.headers['x-db-queries'] ?? '?';
    return `${answer.status}, ${selects} SELECT`;
  },
  flood,
  'edit-behind': editBehind,
};

export function isAction(name: string): name is ActionName {
  return ACTIONS.some((action) => action.name === name);
}

/** To be called in turn. */
export function act(core: Core, name: ActionName): Promise<string> {
  return DO[name](core);
}

/**
 * The other one of the two prices, through a server.
 * @returns `version`: of the menu that has it. `ackUs`: when the server had answered; from then on nobody is to see the old one.
 */
export async function editPrice(
  core: Core,
): Promise<{ detail: string; version: number; ackUs: number }> {
  const { price } = await otherPrice(core);
  const answer = await core.nextStore().say('POST', UPDATE_PATH, { price });
  const ackUs = nowUs();
  if (answer.status !== 200) {
    throw new LabError('E_ROOM_EDIT', `the price change was answered with ${answer.status}`, {
      hint: 'the database is overloaded or away: turn readsPerSecond down and try again',
    });
  }
  const { previous_price: before, menu_version: version } = JSON.parse(answer.text) as {
    previous_price: number;
    menu_version: number;
  };
  core.priced(price);
  return { detail: `${before}→${price}`, version, ackUs };
}

async function otherPrice(core: Core): Promise<{ before: number | null; price: number }> {
  const [low, high] = PRICES;
  const before = await core.readPrice();
  return { before, price: before === low ? high : low };
}

async function editBehind(core: Core): Promise<string> {
  const { before, price } = await otherPrice(core);
  const { rows } = await core.services.database.query<{ version: number }>(EDIT_BEHIND, [price]);
  const ackUs = nowUs();
  const version = rows[0]?.version;
  if (version === undefined) throw new LabError('E_ROOM_EDIT', 'the dish of the story is gone');
  core.meter.edited(version, ackUs);
  core.priced(price);
  const sql = EDIT_BEHIND.replaceAll(/\s+/g, ' ').replace('$1', String(price));
  core.log.add(sql, `version ${version}`, `psql "$CACHELAB_PG_URL" -c "${sql}"`);
  return `${before}→${price} by SQL`;
}

/** @returns What was deleted. */
async function expireNow(core: Core): Promise<string> {
  const { redis, stores } = core.services;
  const { settings, preset } = core.policy;
  if (settings['store'] === 'none')
    refuse(
      'expire-now',
      `Preset ${preset} keeps no copy that could expire: choose one that does, e.g. cached.`,
    );
  if (redis.state() !== 'up')
    refuse(
      'expire-now',
      `Redis is ${redis.state()} and gives no copy away: bring it back first (key 4).`,
    );
  const deleted = await deleteCopy(core);
  if (settings['store'] === 'memory' || settings['l1TtlMs'] !== null) {
    await core.emptyMemories();
    return `${deleted} in Redis, and ${stores.length} memories`;
  }
  return deleted === 0 ? 'there was none' : `DEL ${CATALOG_KEY}`;
}

/** Deletes the restaurant's copy and sees in the same step that it is gone. @returns How many there were: each version may have one. */
export async function deleteCopy(core: Core): Promise<number> {
  const { redis } = core.services;
  const keys = await redis.ask((client) => client.keys(`${CATALOG_KEY}*`));
  // Beside it lie locks, leases and floors: they end by themselves.
  const copies = (keys ?? []).filter((key) => /^(:v\d+)?$/.test(key.slice(CATALOG_KEY.length)));
  if (!copies.includes(CATALOG_KEY)) copies.push(CATALOG_KEY);
  const line = `DEL ${copies.join(' ')}`;
  const answers = await redis.ask((client) =>
    client
      .multi()
      .del(...copies)
      .exists(...copies)
      .exec(),
  );
  const [deleted, left] = (answers ?? []).map(([error, answer]) =>
    error === null ? answer : null,
  );
  core.log.add(line, `${String(deleted)} deleted`, `redis-cli -p ${redis.port} ${line}`);
  if (typeof deleted === 'number' && left === 0) return deleted;
  throw new LabError('E_ROOM_REDIS', 'Redis gave no answer to the deletion of the copy', {
    hint: 'look at its state, and try again',
  });
}

/** Whether the restaurant has a copy in Redis. */
export async function hasCopy(core: Core): Promise<boolean> {
  const keys = await core.services.redis.ask((client) => client.keys(`${CATALOG_KEY}*`));
  return (keys ?? []).some((key) => /^(:v\d+)?$/.test(key.slice(CATALOG_KEY.length)));
}

export async function killRedis({ services: { redis } }: Core): Promise<string> {
  if (redis.state() === 'down')
    refuse('kill-redis', 'Redis is down already: bring it back first (key 4).');
  await redis.kill();
  return 'SIGKILL';
}

export async function bringRedisBack(core: Core): Promise<string> {
  const { redis } = core.services;
  const before = redis.state();
  if (before === 'up')
    refuse(
      'bring-redis-back',
      'Redis is up: there is nothing to bring back; key 3 kills it, key 5 freezes it.',
    );
  await redis.restore();
  await core.redisIsBack();
  return before === 'frozen' ? 'thawed' : 'started empty';
}

async function flood({ services: { load } }: Core): Promise<string> {
  if (load.flooding())
    refuse('flood', `A flood is under way: it lasts ${FLOOD_SECONDS} s, then press 9 again.`);
  await load.flood();
  return `100/s for ${FLOOD_SECONDS} s`;
}

function refuse(about: ActionName, sentence: string): never {
  throw new RefusalError(sentence, about, 409);
}

import { judgeDurability, type Durability, type Write } from '../../lab/oracle/durability.ts';
import type { Hands } from '../../lab/protocol.ts';
import { bytesOf, type Node, readAll, startNode } from './node.ts';
import { argumentsOf, type Mode, PRICES, WRITES_PER_KEY } from './plan.ts';
import { fill, keyOf, valueOf } from './writer.ts';

/** Snapshots are taken when the protocol asks for them, not by the clock. */
const NO_CLOCK = { saveSeconds: 3600 };
const REWRITE_POLL_MS = 10;
/** The story's TTL of a page. */
const TTL_SECONDS = 3600;

export interface Recovery {
  keys: number;
  /** From the start of the process to the first PONG, one per restart. */
  readyAfterMs: number[];
  bytes: number;
  /** Sentences: what was not as it had been acknowledged. */
  problems: string[];
}

/** Fills a server, ends it and starts it again on its data. */
export async function recover(
  hands: Hands,
  mode: Mode,
  keys: number,
  restarts: number,
): Promise<Recovery> {
  const folder = hands.folder(`recovery-${mode}`);
  const args = argumentsOf(mode, NO_CLOCK);
  const node = await startNode(hands, { folder, args });
  await fill(node.port, keys, WRITES_PER_KEY);
  await snapshot(hands, mode, node);
  const bytes = bytesOf(folder);
  await node.kill();
  const readyAfterMs: number[] = [];
  const problems: string[] = [];
  for (let restart = 0; restart < restarts; restart += 1) {
    const again = await startNode(hands, { folder, args });
    readyAfterMs.push(again.readyAfterMs);
    const found = await again.client.dbsize();
    const last = await again.client.get(keyOf(keys - 1));
    const expected = mode === 'none' ? 0 : keys;
    if (found !== expected)
      problems.push(`${mode}: ${found} keys after the restart, not ${expected}`);
    if (mode !== 'none' && last !== valueOf(keys * WRITES_PER_KEY - 1))
      problems.push(`${mode}: the last write is not there after the restart`);
    await again.kill();
  }
  return { keys, readyAfterMs, bytes, problems };
}

/** Brings the data into the form that the mode starts from; a plain log needs nothing. */
async function snapshot(hands: Hands, mode: Mode, { client }: Node): Promise<void> {
  if (mode === 'rdb') await client.save();
  if (mode !== 'mixed') return;
  await client.bgrewriteaof();
  while (/aof_rewrite_(in_progress|scheduled):1/.test(await client.info('persistence'))) {
    await hands.sleep(REWRITE_POLL_MS);
  }
}

/**
 * A price is cached, a snapshot is taken, the price changes and its copy is deleted; then the server is killed. What is there
 * when it is back?
 */
export async function resurrect(
  hands: Hands,
  mode: Mode,
): Promise<{ durability: Durability; ttlSeconds: number[] }> {
  const folder = hands.folder(`resurrection-${mode}`);
  const args = argumentsOf(mode, NO_CLOCK);
  const node = await startNode(hands, { folder, args });
  const keys = Array.from({ length: PRICES }, (_, index) => `price:${index}`);
  const writes: Write[] = [];
  for (const key of keys) {
    await node.client.set(key, '¥150', 'EX', TTL_SECONDS);
    writes.push({ key, value: '¥150', ackMs: performance.now() });
  }
  await snapshot(hands, mode, node);
  for (const key of keys) {
    await node.client.del(key);
    writes.push({ key, value: null, ackMs: performance.now() });
  }
  const killedMs = await node.kill();
  const again = await startNode(hands, { folder, args });
  const found = await readAll(again.client);
  const ttlSeconds = await Promise.all([...found.keys()].map((key) => again.client.ttl(key)));
  await again.kill();
  return { durability: judgeDurability(writes, found, killedMs), ttlSeconds };
}

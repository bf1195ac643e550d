import { gzipSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import type { Hands } from '../../lab/protocol.ts';
import { readCatalog } from '../memory/catalog.ts';
import { type ArmName, KEYS_PER_MATCH, MEMBERS, PARTS, SCAN_COUNT } from './plan.ts';
import { openUnread, type Reply, type Unread } from './unread.ts';

/** What is done to a big key, again and again, while others read small ones. */
export interface Operation {
  /** Its commands, as SLOWLOG writes them. */
  commands: readonly string[];
  /** Before the reads begin: so many big things as will be deleted. */
  prepare?(repetitions: number): Promise<void>;
  /** @returns What came back, to be held against `expects`: bytes, members or keys. */
  run(repetition: number): Promise<number>;
  expects: number;
}

const BIG = 'big';
const SPARE = 'spare';
const BATCH = 1000;
const COUNT = ['COUNT', String(SCAN_COUNT)];
const part = (n: number): string => `${BIG}:${String(n).padStart(3, '0')}`;
const spare = (n: number): string => `${SPARE}:${n}`;

/** Writes what the arm needs. */
export async function operationsOf(
  hands: Hands,
  arm: ArmName,
): Promise<{ operations: Record<string, Operation>; close: () => void; bytes: number }> {
  const unread = await openUnread(hands.urls.redis);
  const { redis } = hands;
  const members = Number(hands.arm.parameters?.['members'] ?? MEMBERS);
  const quiet: Operation = { commands: [], run: () => Promise.resolve(0), expects: 0 };
  const deletions = (): Record<string, Operation> => ({
    del: deletion('DEL', redis, unread),
    unlink: deletion('UNLINK', redis, unread),
  });
  const close = (): void => unread.close();
  switch (arm) {
    case 'value': {
      const { pages, whole } = await bigValue(hands);
      const reads = await valueOperations(redis, unread, { pages, whole });
      return { operations: { quiet, ...reads, ...deletions() }, close, bytes: whole.length };
    }
    case 'members': {
      await fill(unread, members, 'HSET', BIG, (n) => [`field:${n}`, `value:${n}`]);
      await fill(unread, members, 'SADD', 'set', (n) => [`member:${n}`]);
      const bytes = Number(await redis.memory('USAGE', BIG, 'SAMPLES', 100));
      return {
        operations: { quiet, ...memberOperations(unread, members), ...deletions() },
        close,
        bytes,
      };
    }
    case 'keyspace': {
      await fill(unread, members, 'MSET', null, (n) => [`key:${String(n).padStart(7, '0')}`, 'x']);
      return { operations: { quiet, ...keyOperations(unread, members) }, close, bytes: 0 };
    }
    default:
      return arm satisfies never;
  }
}

/** Pages of the restaurant with prices of their own: an array of them is the big value. */
async function bigValue(hands: Hands): Promise<{ pages: Buffer[]; whole: Buffer }> {
  const catalog = await readCatalog(await hands.connect(), 'lao-zhang');
  const pages = Array.from({ length: PARTS }, () => {
    for (const { products } of catalog.categories)
      for (const dish of products) dish.price = 1 + Math.floor(hands.random() * 300);
    return Buffer.from(JSON.stringify(catalog));
  });
  return { pages, whole: Buffer.from(`[${pages.map(String).join(',')}]`) };
}

async function valueOperations(
  redis: Redis,
  unread: Unread,
  { pages, whole }: { pages: readonly Buffer[]; whole: Buffer },
): Promise<Record<string, Operation>> {
  const compressed = gzipSync(whole, { level: 1 });
  await redis.set(BIG, whole);
  await redis.set(`${BIG}:gzip`, compressed);
  await redis.hset(`${BIG}:fields`, ...pages.flatMap((page, n) => [String(n), page]));
  for (const [n, page] of pages.entries()) await redis.set(part(n), page);
  const parts = pages.map((_, n) => part(n));
  const all = pages.reduce((sum, { length }) => sum + bulk(length), 0);
  const gets = parts.map((key) => ['GET', key]);
  return {
    get: {
      commands: ['GET'],
      run: () => bytesOf(unread.command('GET', BIG)),
      expects: bulk(whole.length),
    },
    set: {
      commands: ['SET'],
      run: () => bytesOf(unread.command('SET', BIG, whole)),
      expects: '+OK\r\n'.length,
    },
    'get-gzip': {
      commands: ['GET'],
      run: () => bytesOf(unread.command('GET', `${BIG}:gzip`)),
      expects: bulk(compressed.length),
    },
    'get-part': {
      commands: ['GET'],
      run: () => bytesOf(unread.command('GET', part(0))),
      expects: bulk(pages[0]!.length),
    },
    'hget-field': {
      commands: ['HGET'],
      run: () => bytesOf(unread.command('HGET', `${BIG}:fields`, '0')),
      expects: bulk(pages[0]!.length),
    },
    'mget-parts': {
      commands: ['MGET'],
      run: () => bytesOf(unread.command('MGET', ...parts)),
      expects: `*${PARTS}\r\n`.length + all,
    },
    'pipeline-parts': {
      commands: ['GET'],
      run: () => bytesOf(unread.pipeline(gets)),
      expects: all,
    },
    'awaited-parts': {
      commands: ['GET'],
      async run() {
        let bytes = 0;
        for (const get of gets) bytes += await bytesOf(unread.command(...get));
        return bytes;
      },
      expects: all,
    },
  };
}

function memberOperations(unread: Unread, members: number): Record<string, Operation> {
  return {
    hgetall: {
      commands: ['HGETALL'],
      run: () => bytesOf(unread.command('HGETALL', BIG)),
      expects: repliesOf(2 * members, ['field:', 'value:']),
    },
    hscan: {
      commands: ['HSCAN'],
      run: () => scanned(unread, (cursor) => ['HSCAN', BIG, cursor, ...COUNT], 2),
      expects: members,
    },
    smembers: {
      commands: ['SMEMBERS'],
      run: () => bytesOf(unread.command('SMEMBERS', 'set')),
      expects: repliesOf(members, ['member:']),
    },
    sscan: {
      commands: ['SSCAN'],
      run: () => scanned(unread, (cursor) => ['SSCAN', 'set', cursor, ...COUNT], 1),
      expects: members,
    },
  };
}

/** Bytes of a reply with so many of content: `$42\r\n…\r\n`. */
const bulk = (length: number): number => `$${length}\r\n`.length + length + 2;

/** Bytes of a list that has these texts in turn, each with the numbers from 0 on behind it. */
function repliesOf(elements: number, texts: readonly string[]): number {
  let bytes = `*${elements}\r\n`.length;
  for (let n = 0; n < elements / texts.length; n += 1) {
    for (const text of texts) bytes += bulk(text.length + String(n).length);
  }
  return bytes;
}

function keyOperations(unread: Unread, members: number): Record<string, Operation> {
  const pattern = 'key:*123';
  const matches = members / KEYS_PER_MATCH;
  return {
    keys: {
      commands: ['KEYS'],
      run: () => bytesOf(unread.command('KEYS', pattern)),
      expects: `*${matches}\r\n`.length + matches * `$11\r\nkey:0000123\r\n`.length,
    },
    scan: {
      commands: ['SCAN'],
      run: () => scanned(unread, (cursor) => ['SCAN', cursor, 'MATCH', pattern, ...COUNT], 1),
      expects: matches,
    },
  };
}

/** Steps until the cursor is back at 0. @returns Elements; none comes twice while nothing changes. */
async function scanned(
  unread: Unread,
  step: (cursor: string) => string[],
  perMember: number,
): Promise<number> {
  let seen = 0;
  let cursor = '0';
  do {
    const { head } = await unread.command(...step(cursor));
    // `*2`, the cursor with its length, and how many elements follow.
    const [, , next, count] = head.split('\r\n');
    if (next === undefined || count === undefined) throw new Error(`no reply of a scan: ${head}`);
    seen += Number(count.slice(1)) / perMember;
    cursor = next;
  } while (cursor !== '0');
  return seen;
}

async function bytesOf(reply: Promise<Reply>): Promise<number> {
  return (await reply).bytes;
}

/** Takes away copies of the big key, which were made before. */
function deletion(command: 'DEL' | 'UNLINK', redis: Redis, unread: Unread): Operation {
  return {
    commands: [command],
    async prepare(repetitions) {
      for (let n = 0; n < repetitions; n += 1) await redis.copy(BIG, spare(n), 'REPLACE');
    },
    run: (repetition) => bytesOf(unread.command(command, spare(repetition))),
    expects: ':1\r\n'.length,
  };
}

/** All of them in commands of a thousand, ten of these on their way at once. */
async function fill(
  unread: Unread,
  members: number,
  command: string,
  key: string | null,
  of: (n: number) => string[],
): Promise<void> {
  const before = key === null ? [] : [key];
  for (let from = 0; from < members; from += 10 * BATCH) {
    await unread.pipeline(
      Array.from({ length: 10 }, (_, batch) => [
        command,
        ...before,
        ...Array.from({ length: BATCH }, (__, n) => of(from + batch * BATCH + n)).flat(),
      ]),
    );
  }
}

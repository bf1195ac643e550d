import { OP } from '../trace.ts';
import type { Format } from './format.ts';
import { Records } from './format.ts';
import type { LineReader } from './lines.ts';
import { lineParser } from './lines.ts';
import { textOf } from './operations.ts';

const BACKSLASH = 92;
const QUOTE = 34;
const X = 120;
/** Arguments of one command that are looked at; MGET of more keys is a line of its own kind of trouble. */
const MOST_ARGUMENTS = 4096;

const words = (text: string): string[] => text.split(' ');
/** Which arguments are keys: the first, all, or every second. */
type Keys = 'first' | 'all' | 'pairs';
interface Command {
  op: number;
  keys: Keys;
  /** Argument that is the object's new value, counted from the command; 0: none. */
  value: number;
}
const command = (op: number, keys: Keys, value = 0): Command => ({ op, keys, value });

/**
 * Commands that look an object up or change it. EXPIRE, TTL, EXISTS and the like do neither: they count as other lines, since a
 * simulated cache has a TTL of its own and its misses fill themselves.
 */
const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...words(
    'GET GETEX GETRANGE STRLEN HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS LRANGE LINDEX LLEN SMEMBERS SISMEMBER SCARD ZRANGE ZREVRANGE ZRANGEBYSCORE ZSCORE ZRANK ZCARD JSON.GET GETBIT BITCOUNT',
  ).map((name): [string, Command] => [name, command(OP.read, 'first')]),
  ['MGET', command(OP.read, 'all')],
  ...words(
    'APPEND INCR INCRBY INCRBYFLOAT DECR DECRBY GETDEL HSET HSETNX HMSET HDEL HINCRBY LPUSH RPUSH LPOP RPOP LSET LTRIM LREM SADD SREM SPOP ZADD ZREM ZINCRBY SETRANGE SETBIT JSON.SET JSON.DEL RESTORE',
  ).map((name): [string, Command] => [name, command(OP.write, 'first')]),
  ...words('SET SETNX GETSET').map((name): [string, Command] => [
    name,
    command(OP.write, 'first', 2),
  ]),
  ...words('SETEX PSETEX').map((name): [string, Command] => [name, command(OP.write, 'first', 3)]),
  ...words('DEL UNLINK').map((name): [string, Command] => [name, command(OP.write, 'all')]),
  ...words('MSET MSETNX').map((name): [string, Command] => [name, command(OP.write, 'pairs')]),
]);

/**
 * What Redis prints under MONITOR: `1339518083.107412 [0 127.0.0.1:60866] "get" "key"`. Keys of different databases are
 * different objects. An object's size is the length of the value that is set: reads do not show it.
 * Source: https://redis.io/docs/latest/commands/monitor/.
 */
export const monitor: Format = {
  name: 'monitor',
  title: 'Redis MONITOR',
  text: true,
  ops: true,
  chains: false,
  tickMs: () => 1,
  parser(_options, sink, lines) {
    const records = new Records(sink, 1);
    const other = (): void => {
      lines.other += 1;
    };
    return lineParser(readLine(records, other), records, lines);
  },
};

const HEAD = /^(\d+\.\d+) \[(\d+) [^\]]*\] $/;

function readLine(records: Records, other: () => void): LineReader {
  const starts = new Int32Array(MOST_ARGUMENTS);
  const ends = new Int32Array(MOST_ARGUMENTS);
  return (bytes, from, to) => {
    const quote = bytes.indexOf(QUOTE, from);
    if (quote < 0 || quote >= to) {
      if (textOf(bytes, from, Math.min(to, from + 3)) === 'OK') {
        other();
        return null;
      }
      return 'no command in quotes';
    }
    const head = HEAD.exec(textOf(bytes, from, Math.min(quote, from + 200)));
    if (head === null) return 'does not begin with a time and [database client]';
    const timeMs = 1000 * Number(head[1]);
    if (!records.fits(timeMs)) return `time is ${head[1]}, 49 days or more after the first`;
    const count = splitArguments(bytes, quote, to, starts, ends);
    if (count < 0) return 'an argument has no closing quote';
    const known = COMMANDS.get(textOf(bytes, starts[0]!, ends[0]!).toUpperCase());
    if (known === undefined) {
      other();
      return null;
    }
    if (count < 2) return 'a command without its key';
    const seed = Number(head[2]);
    const step = known.keys === 'pairs' ? 2 : 1;
    const last = known.keys === 'first' ? 2 : count;
    for (let i = 1; i < last; i += step) {
      const value = known.keys === 'pairs' ? i + 1 : known.value;
      const size =
        value > 0 && value < count ? unescapedLength(bytes, starts[value]!, ends[value]!) : 0;
      records.add(timeMs, bytes, starts[i]!, ends[i]!, { op: known.op, size, seed });
    }
    return null;
  };
}

/** Finds the quoted arguments. @returns How many; −1 when one does not end. */
function splitArguments(
  bytes: Uint8Array,
  first: number,
  to: number,
  starts: Int32Array,
  ends: Int32Array,
): number {
  let count = 0;
  let at = first;
  while (at < to && count < MOST_ARGUMENTS) {
    let end = at + 1;
    while (end < to && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
    if (end >= to || bytes[at] !== QUOTE) return -1;
    starts[count] = at + 1;
    ends[count] = end;
    count += 1;
    at = end + 2;
  }
  return count;
}

/** Bytes of an argument as Redis holds it: `\x00` is one, `\n` too. */
function unescapedLength(bytes: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; length += 1) {
    if (bytes[at] !== BACKSLASH) at += 1;
    else at += bytes[at + 1] === X ? 4 : 2;
  }
  return length;
}

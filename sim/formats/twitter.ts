import type { Format } from './format.ts';
import { Records } from './format.ts';
import type { LineReader } from './lines.ts';
import { lineParser, numberIn, shown } from './lines.ts';
import { operationNamed, textOf } from './operations.ts';

const COMMA = 44;

/**
 * Twitter's cache traces: time in seconds, key, key size, value size, client, operation, TTL. A key may hold commas, so the
 * five fields behind it are found from the line's end. An object's size is its value's.
 * Source: Yang et al., A large scale analysis of hundreds of in-memory cache clusters at Twitter, OSDI 2020;
 * https://github.com/twitter/cache-trace.
 */
export const twitter: Format = {
  name: 'twitter',
  title: 'Twitter’s cache traces: time,key,key size,value size,client,operation,TTL',
  text: true,
  ops: true,
  chains: false,
  tickMs: () => 1000,
  parser(_options, sink, lines) {
    const records = new Records(sink, 1000);
    return lineParser(readLine(records), records, lines);
  },
};

function readLine(records: Records): LineReader {
  const commas = new Int32Array(5);
  return (bytes, from, to) => {
    const first = bytes.indexOf(COMMA, from);
    let at = to;
    for (let field = 4; field >= 0; field -= 1) {
      at = bytes.lastIndexOf(COMMA, at - 1);
      commas[field] = at;
      if (at <= first || first < 0) return 'fewer than 7 fields';
    }
    const [beforeKeySize = 0, beforeSize = 0, beforeClient = 0, beforeOp = 0, beforeTtl = 0] =
      commas;
    const seconds = numberIn(bytes, from, first);
    if (Number.isNaN(seconds)) return `time is ${shown(bytes, from, first)}, not seconds`;
    if (!records.fits(1000 * seconds)) return `time is ${seconds}, 136 years after the first`;
    const size = numberIn(bytes, beforeSize + 1, beforeClient);
    if (Number.isNaN(size) || Number.isNaN(numberIn(bytes, beforeKeySize + 1, beforeSize)))
      return `sizes are ${shown(bytes, beforeKeySize + 1, beforeClient)}, not bytes`;
    const op = operationNamed(textOf(bytes, beforeOp + 1, beforeTtl));
    if (op === undefined) return `operation is ${shown(bytes, beforeOp + 1, beforeTtl)}`;
    if (beforeKeySize === first + 1) return 'key is empty';
    records.add(1000 * seconds, bytes, first + 1, beforeKeySize, { size, op });
    return null;
  };
}

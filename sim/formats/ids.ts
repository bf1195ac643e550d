import type { Format } from './format.ts';
import { Records } from './format.ts';
import { lineParser } from './lines.ts';

/** One key a line: numbers, words, anything. */
export const ids: Format = {
  name: 'ids',
  title: 'one key a line',
  text: true,
  ops: false,
  chains: false,
  tickMs: () => null,
  parser(_options, sink, lines) {
    const records = new Records(sink, 1000);
    return lineParser(
      (bytes, from, to) => {
        // Binary that was declared as text.
        if (bytes.subarray(from, to).includes(0)) return 'holds a zero byte';
        records.add(0, bytes, from, to);
        return null;
      },
      records,
      lines,
    );
  },
};

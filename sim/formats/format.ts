import { OP } from '../trace.ts';
import { hashKey } from './hash.ts';

/**
 * One request as every parser hands it on, six words as oracleGeneral lays them out: tick, key's low and high half, bytes, and
 * two words that hold the op, or of a format with chains the position of the object's next request. Binary traces are passed on
 * as they lie in the file, without a copy.
 */
export const RECORD = { words: 6, tick: 0, key: 1, bytes: 3, op: 4, next: 4 } as const;

/** Takes `count` records. They belong to the sink until it returns: it may overwrite them. */
export type Sink = (records: Int32Array, count: number) => void;

/** Reads chunks of a file, cut anywhere, into requests. */
export interface Parser {
  push(chunk: Uint8Array): void;
  /** After the last chunk. @returns Bytes at the end that make no whole record; 0 for text. */
  end(): number;
}

/** Which columns of a delimited file mean what: numbers from 1, or names of its header line. */
export interface Columns {
  readonly key: string | number;
  readonly time?: string | number;
  readonly size?: string | number;
  readonly op?: string | number;
  /** How often in a row the request came. */
  readonly count?: string | number;
}

/** How a file is to be read. */
export interface FormatOptions {
  /** For `csv`. */
  readonly columns?: Columns;
  /** For `csv`: one character. Default `,`. */
  readonly delimiter?: string;
  /** For `csv`: the unit of its times. Default `s`. */
  readonly timeUnit?: 's' | 'ms' | 'us';
  /** For `access`: `path` (default) leaves the query out, `url` keeps it. For `pino`: the field with the key, e.g. `req.url`. */
  readonly key?: string;
}

/** A form in which traces come. */
export interface Format {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** Lines of text, or binary records. */
  readonly text: boolean;
  /** Whether it tells reads from writes. */
  readonly ops: boolean;
  /** Whether it says of each request where its object comes next. */
  readonly chains: boolean;
  /** Milliseconds of one tick; null: it has no times. */
  tickMs(options: FormatOptions): number | null;
  /** @throws RangeError when the options do not fit the format. */
  parser(options: FormatOptions, sink: Sink, lines: Lines): Parser;
}

/** A line that makes no request. */
export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  /** Its beginning. */
  readonly text: string;
}

const KEPT = 10;

/** What became of a file's lines. Blank ones are not counted. */
export class Lines {
  /** Lines that were to be requests, the bad ones among them. */
  seen = 0;
  bad = 0;
  /** Well-formed lines that look nothing up and change nothing, such as PING in a log of commands. */
  other = 0;
  /** The first bad ones. */
  readonly first: BadLine[] = [];

  /** @param number - Of the line, from 1. */
  addBad(number: number, reason: string, bytes: Uint8Array, from: number, to: number): void {
    this.bad += 1;
    if (this.first.length >= KEPT) return;
    const text = String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 80)));
    this.first.push({ line: number, reason, text: text.replace(/[^\x20-\x7e]/g, '·') });
  }
}

const BATCH = 4096;

/** Gathers the requests of a text format into records. */
export class Records {
  readonly #sink: Sink;
  readonly #tickMs: number;
  readonly #words = new Int32Array(RECORD.words * BATCH);
  readonly #key = new Int32Array(2);
  #count = 0;
  #firstMs: number | null = null;

  constructor(sink: Sink, tickMs: number) {
    this.#sink = sink;
    this.#tickMs = tickMs;
  }

  /** Whether a request at this time can be told apart: ticks are 32 bits and begin at the first request. */
  fits(timeMs: number): boolean {
    return timeMs - (this.#firstMs ?? timeMs) < this.#tickMs * 2 ** 32;
  }

  /** @param timeMs - 0 where there are no times. A time before the first request counts as the first one's. */
  add(
    timeMs: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    { size = 0, op = OP.read, seed = 0 }: { size?: number; op?: number; seed?: number } = {},
  ): void {
    this.#firstMs ??= timeMs;
    hashKey(bytes, from, to, seed, this.#key);
    const words = this.#words;
    const at = RECORD.words * this.#count;
    words[at + RECORD.tick] = Math.max(0, Math.floor((timeMs - this.#firstMs) / this.#tickMs));
    words[at + RECORD.key] = this.#key[0]!;
    words[at + RECORD.key + 1] = this.#key[1]!;
    words[at + RECORD.bytes] = Math.min(size, 2 ** 32 - 1);
    words[at + RECORD.op] = op;
    this.#count += 1;
    if (this.#count === BATCH) this.flush();
  }

  flush(): void {
    if (this.#count > 0) this.#sink(this.#words, this.#count);
    this.#count = 0;
  }
}

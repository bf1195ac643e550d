import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Redis } from 'ioredis';
import { EXIT, LabError } from '../errors.ts';
import type { KeyPlaces } from './command-keys.ts';
import { keyPlaces, keysOf } from './command-keys.ts';

/** Written in pieces of this size: a write per command would hold up the reading. */
const PIECE_BYTES = 65_536;
const CONNECT_MS = 5000;
const MAX_SECONDS = 3600;
const LEAST_BYTES = 1000;
const HEADER = 'time_s,key,op\n';

export interface CaptureOptions {
  /** Of the server; commands on another database than the URL's are left out. */
  readonly redisUrl: string;
  /** From 0.1 to 3600. */
  readonly seconds: number;
  /** The file is never larger. At least 1000. */
  readonly maxBytes: number;
  /** Keys are replaced by a hash whose salt nobody keeps: the same key has the same hash within one capture alone. */
  readonly hashKeys: boolean;
  /** File to write; must not exist. */
  readonly out: string;
  /** Ends the capture and leaves no file: a supervisor's `interrupted`. */
  readonly interrupted?: AbortSignal;
  /** Told what the capture costs the server. */
  readonly say?: (line: string) => void;
}

export interface Captured {
  /** One for each key of each command. */
  readonly rows: number;
  readonly bytes: number;
  /** From the first to the last command, by the server's clock. */
  readonly seconds: number;
  readonly endedBy: 'time' | 'size';
  /** Commands left out: without keys in fixed places, or on another database. */
  readonly leftOut: { readonly withoutKeys: number; readonly otherDatabases: number };
}

/**
 * Records which keys a Redis is asked for, as a CSV of `time_s,key,op`: seconds since the first command, the key, and the
 * command's name in small letters. Values never reach the file: of each command only the words that COMMAND calls keys are kept.
 *
 * MONITOR can halve a server's throughput (Redis' own measurement, below), and a reader that stalls makes the server's output
 * buffer grow: so it is bounded in time and size, written in order as it comes, and ends with its connection on every way out.
 * @throws LabError `E_BAD_OPTIONS`, `E_CAPTURE_EXISTS`, `E_CAPTURE_REDIS` (no answer, no permission, connection lost), `E_CAPTURE_FILE`,
 *   `E_INTERRUPTED`; then there is no file.
 * @see https://redis.io/docs/latest/commands/monitor/
 */
export async function captureTrace(options: CaptureOptions): Promise<Captured> {
  const { redisUrl, out, interrupted, say = () => {} } = options;
  checkBounds(options);
  if (existsSync(out)) {
    throw new LabError('E_CAPTURE_EXISTS', `${out} exists and is not overwritten`, {
      hint: 'give another --out, or remove it first',
      exitCode: EXIT.badArguments,
    });
  }
  if (interrupted?.aborted === true) throw stopped();
  const places = await placesOf(redisUrl);
  say(
    `MONITOR on ${withoutPassword(redisUrl)} for ${options.seconds} s: it can halve the server's throughput meanwhile (https://redis.io/docs/latest/commands/monitor/)`,
  );
  const part = `${out}.${randomBytes(4).toString('hex')}.tmp`;
  const file = openPart(part);
  const rows = rowWriter(file, options);
  const monitor = connect(redisUrl, { monitor: true });
  let timer: NodeJS.Timeout | undefined;
  const over = new AbortController();
  try {
    const endedBy = await new Promise<Captured['endedBy']>((resolve, reject) => {
      const onInterrupt = (): void => {
        // At once: the supervisor ends the process as soon as its own work is done.
        monitor.disconnect();
        rmSync(part, { force: true });
        reject(stopped());
      };
      interrupted?.addEventListener('abort', onInterrupt, { signal: over.signal });
      monitor.once('monitoring', () => {
        timer = setTimeout(() => resolve('time'), options.seconds * 1000);
      });
      monitor.on('monitor', (time: string, words: string[], _from: string, database: string) => {
        try {
          if (!rows.add(time, words, database, places)) resolve('size');
        } catch (error) {
          reject(fileProblem(out, error));
        }
      });
      monitor.on('error', (error) => {
        // On a busy server commands come in one piece with the OK of MONITOR, before ioredis knows that it monitors: it takes
        // them for replies to nothing. They came before the capture began.
        if (!error.message.startsWith('Command queue state error'))
          reject(redisProblem(redisUrl, error));
      });
      monitor.once('end', () => reject(redisProblem(redisUrl, new Error('connection lost'))));
    });
    // What still arrives is not wanted any more.
    monitor.removeAllListeners('monitor');
    try {
      rows.flush();
      if (existsSync(out)) throw new Error('another program made this file meanwhile');
      renameSync(part, out);
    } catch (error) {
      throw fileProblem(out, error);
    }
    return { ...rows.counted(), endedBy };
  } finally {
    clearTimeout(timer);
    over.abort();
    monitor.disconnect();
    closeSync(file);
    rmSync(part, { force: true });
  }
}

function checkBounds({ seconds, maxBytes }: CaptureOptions): void {
  const problems = [
    ...(seconds >= 0.1 && seconds <= MAX_SECONDS
      ? []
      : [`seconds must be a number from 0.1 to ${MAX_SECONDS}, not ${seconds}`]),
    ...(Number.isFinite(maxBytes) && maxBytes >= LEAST_BYTES
      ? []
      : [`the largest size must be a number of bytes from ${LEAST_BYTES}, not ${maxBytes}`]),
  ];
  if (problems.length > 0)
    throw new LabError('E_BAD_OPTIONS', problems.join('\n'), { exitCode: EXIT.badArguments });
}

interface RowWriter {
  /** @returns False when the next row would exceed the size; then nothing more is to be added. */
  add(
    time: string,
    words: readonly string[],
    database: string,
    places: ReadonlyMap<string, KeyPlaces>,
  ): boolean;
  flush(): void;
  counted(): Omit<Captured, 'endedBy'>;
}

function rowWriter(file: number, { redisUrl, maxBytes, hashKeys }: CaptureOptions): RowWriter {
  const wanted = databaseOf(redisUrl);
  const salt = randomBytes(32);
  const nameOf = (key: string): string =>
    hashKeys ? createHmac('sha256', salt).update(key).digest('hex').slice(0, 16) : quoted(key);
  let pending = HEADER;
  let bytes = HEADER.length;
  let rows = 0;
  let first: number | null = null;
  let last = 0;
  let withoutKeys = 0;
  let otherDatabases = 0;
  const flush = (): void => {
    const piece = Buffer.from(pending);
    for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
    pending = '';
  };
  return {
    add(time, words, database, places) {
      const command = words[0]!.toLowerCase();
      const found = places.get(command);
      if (found === undefined) {
        withoutKeys += 1;
        return true;
      }
      if (database !== wanted) {
        otherDatabases += 1;
        return true;
      }
      first ??= Number(time);
      // A clock that is set back must not make the trace run backward.
      last = Math.max(last, Number(time) - first);
      for (const key of keysOf(words, found)) {
        const row = `${last.toFixed(6)},${nameOf(key)},${command}\n`;
        const room = Buffer.byteLength(row);
        if (bytes + room > maxBytes) return false;
        pending += row;
        bytes += room;
        rows += 1;
      }
      if (pending.length >= PIECE_BYTES) flush();
      return true;
    },
    flush,
    counted: () => ({ rows, bytes, seconds: last, leftOut: { withoutKeys, otherDatabases } }),
  };
}

/** A key as MONITOR prints it, with \n and \x00 for what is not printable, as a field of a CSV (RFC 4180). */
function quoted(key: string): string {
  return /[",]/.test(key) ? `"${key.replaceAll('"', '""')}"` : key;
}

function databaseOf(redisUrl: string): string {
  const url = new URL(redisUrl);
  const fromPath = url.pathname.replace(/^\//, '');
  return url.searchParams.get('db') ?? (/^\d+$/.test(fromPath) ? fromPath : '0');
}

function connect(redisUrl: string, more: { monitor?: boolean } = {}): Redis {
  return new Redis(redisUrl, {
    ...more,
    // A capture with a gap would look whole.
    retryStrategy: () => null,
    connectTimeout: CONNECT_MS,
    connectionName: 'cachelab-trace-capture',
  });
}

async function placesOf(redisUrl: string): Promise<Map<string, KeyPlaces>> {
  const redis = connect(redisUrl);
  let cause: unknown;
  redis.on('error', (error) => (cause = error));
  try {
    const places = keyPlaces(await redis.call('COMMAND'));
    if (places.size === 0) throw new Error('COMMAND lists no command with keys');
    return places;
  } catch (error) {
    throw redisProblem(redisUrl, cause ?? error);
  } finally {
    redis.disconnect();
  }
}

function openPart(part: string): number {
  try {
    return openSync(part, 'wx');
  } catch (error) {
    throw fileProblem(part, error);
  }
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.password !== '') url.password = '***';
  return url.href;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

function fileProblem(path: string, cause: unknown): LabError {
  return new LabError('E_CAPTURE_FILE', `cannot write ${path}: ${messageOf(cause)}`, { cause });
}

function redisProblem(redisUrl: string, cause: unknown): LabError {
  return new LabError(
    'E_CAPTURE_REDIS',
    `no capture from ${withoutPassword(redisUrl)}: ${messageOf(cause)}`,
    {
      hint: 'is it running, and may the user run MONITOR and COMMAND (ACL: +monitor +command)?',
      cause,
      exitCode: EXIT.serviceMissing,
    },
  );
}

function stopped(): LabError {
  return new LabError('E_INTERRUPTED', 'interrupted: MONITOR has ended and nothing was written', {
    exitCode: EXIT.interrupted,
  });
}

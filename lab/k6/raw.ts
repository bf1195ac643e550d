import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { LabError } from '../errors.ts';

/** One HTTP request as k6 recorded it. */
export interface RawRequest {
  /** The tag `name`: `page` or `update`. */
  name: string;
  /** The tag `phase`: `warm` or `measure`; empty if the script set none. */
  phase: string;
  scenario: string;
  /** HTTP status; 0 without an answer. */
  status: number;
  /** Wall clock, epoch milliseconds with microseconds in the fraction. */
  endMs: number;
  /** Sending, waiting and receiving. */
  durationMs: number;
  /** Waiting for a connection, opening it (TCP and TLS) included. */
  blockedMs: number;
  /** Opening a TCP connection; 0 where one was reused. */
  connectingMs: number;
}

/** One sample of a counter. */
export interface RawCount {
  metric: string;
  timeMs: number;
  value: number;
  /** Tags, empty where the sample has none. */
  phase: string;
  scenario: string;
  outcome: string;
}

/** How far the file could be read. */
export interface RawEnd {
  /** The file stops in the middle of a line or of its gzip stream: k6 was killed. */
  truncated: boolean;
  /** Lines in the middle that are not k6's, and requests with samples missing. */
  unreadable: number;
}

const POINT = '{"metric":"';
const COUNTERS = new Set(['page_outcome', 'script_errors', 'dropped_iterations', 'data_received']);

/**
 * Streams the file of `k6 run --out json=FILE.json.gz`. k6 writes 13 or more lines per request; only a few
 * fields of them are wanted, so they are found by position: parsing the JSON would take several times as long.
 *
 * Samples of one request stand together: `http_reqs` first, `http_req_failed` last.
 * @throws LabError `E_K6_OUTPUT_MISSING` when there is no such file.
 */
export async function readRaw(
  file: string,
  on: { request(request: RawRequest): void; count(count: RawCount): void },
): Promise<RawEnd> {
  const end: RawEnd = { truncated: false, unreadable: 0 };
  let open: RawRequest | null = null;
  let seen = 0;

  const line = (text: string): boolean => {
    if (!text.startsWith(POINT)) return text.startsWith('{"type":"Metric"');
    const metric = text.slice(POINT.length, text.indexOf('"', POINT.length));
    switch (metric) {
      case 'http_reqs':
        if (open !== null) end.unreadable += 1;
        open = parseRequest(text);
        seen = 0;
        return open !== null;
      case 'http_req_duration':
      case 'http_req_blocked':
      case 'http_req_connecting': {
        const value = valueOf(text);
        if (open === null || Number.isNaN(value)) return false;
        if (metric === 'http_req_duration') open.durationMs = value;
        else if (metric === 'http_req_blocked') open.blockedMs = value;
        else open.connectingMs = value;
        seen += 1;
        return true;
      }
      case 'http_req_failed':
        if (open === null || seen !== 3) return false;
        on.request(open);
        open = null;
        return true;
      default: {
        if (!COUNTERS.has(metric)) return true;
        const count = parseCount(metric, text);
        if (count !== null) on.count(count);
        return count !== null;
      }
    }
  };

  let rest = '';
  try {
    for await (const chunk of openRaw(file)) {
      // latin1 never splits a character, and everything read here is ASCII.
      const text = rest + chunk.toString('latin1');
      let from = 0;
      for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
        if (!line(text.slice(from, to))) end.unreadable += 1;
        from = to + 1;
      }
      rest = text.slice(from);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') {
      throw new LabError('E_K6_OUTPUT_MISSING', `k6 left no samples in ${file}`, {
        hint: 'see the lines that k6 logged; `npm run lab -- doctor` checks k6',
        cause: error,
      });
    }
    // Z_BUF_ERROR: the gzip stream stops early. Z_DATA_ERROR: its end is damaged.
    if (code !== 'Z_BUF_ERROR' && code !== 'Z_DATA_ERROR') throw error;
    end.truncated = true;
  }
  if (rest !== '' || open !== null) end.truncated = true;
  return end;
}

function openRaw(file: string): AsyncIterable<Buffer> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  if (!file.endsWith('.gz')) return source;
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

function parseRequest(text: string): RawRequest | null {
  const timeMs = timeOf(text);
  const status = Number(tagOf(text, 'status'));
  if (Number.isNaN(timeMs) || Number.isNaN(status)) return null;
  return {
    name: tagOf(text, 'name'),
    phase: tagOf(text, 'phase'),
    scenario: tagOf(text, 'scenario'),
    status,
    endMs: timeMs,
    durationMs: Number.NaN,
    blockedMs: Number.NaN,
    connectingMs: Number.NaN,
  };
}

function parseCount(metric: string, text: string): RawCount | null {
  const timeMs = timeOf(text);
  const value = valueOf(text);
  if (Number.isNaN(timeMs) || Number.isNaN(value)) return null;
  const tags = {
    phase: tagOf(text, 'phase'),
    scenario: tagOf(text, 'scenario'),
    outcome: tagOf(text, 'outcome'),
  };
  return { metric, timeMs, value, ...tags };
}

/** A tag's value, empty if there is none. Inside a value, JSON writes `"` as `\"`, so that none looks like a key. */
function tagOf(text: string, key: string): string {
  const lead = `"${key}":"`;
  const at = text.indexOf(lead, text.indexOf('"tags":'));
  if (at === -1) return '';
  const from = at + lead.length;
  return text.slice(from, text.indexOf('"', from));
}

/** The number after `"value":`, which stands in front of the tags. */
function valueOf(text: string): number {
  const from = text.indexOf('"value":') + 8;
  return from < 8 ? Number.NaN : Number(text.slice(from, text.indexOf(',', from)));
}

/** RFC 3339 with up to nine digits of fraction; `Date.parse` alone would drop all below a millisecond. */
function timeOf(text: string): number {
  const from = text.indexOf('"time":"') + 8;
  if (from < 8) return Number.NaN;
  const time = text.slice(from, text.indexOf('"', from));
  const dot = time.indexOf('.');
  if (dot === -1) return Date.parse(time);
  let end = dot + 1;
  while (end < time.length && time.charCodeAt(end) >= 48 && time.charCodeAt(end) <= 57) end += 1;
  return Date.parse(time.slice(0, dot) + time.slice(end)) + Number(time.slice(dot, end)) * 1000;
}

import type { Request, Response } from 'express';
import { plainBody } from '../cache/entry.ts';
import type { Entry } from '../cache/entry.ts';
import type { Read } from '../cache/strategy.ts';
import { selectsOf } from './load-page.ts';

/** The two clocks of an answer. */
export interface Clocks {
  /** `performance.now()` when handling began. */
  startedMs: number;
  /** Milliseconds since the Unix epoch, now. */
  nowMs: number;
}

/**
 * Sends the stored bytes as they are to clients that accept gzip (all but a few), and unpacked to the others. One
 * flat header array: with it a hit costs little more than reading Redis and ending the response.
 */
export function sendPage(
  request: Request,
  response: Response,
  read: Read,
  entry: Entry,
  { startedMs, nowMs }: Clocks,
): void {
  const gzip = entry.encoding === 'gzip' && acceptsGzip(request.headers['accept-encoding']);
  const body = gzip ? entry.body : plainBody(entry);
  const headers = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'vary',
    'accept-encoding',
    'cache-control',
    'no-store', // this cache is the one under test: no other may answer in its place
    'cache-status',
    cacheStatus(read, nowMs),
    'age',
    ageSeconds(entry, nowMs),
    'x-cache-outcome',
    read.outcome,
    'x-menu-version',
    String(entry.menuVersion),
    'x-db-queries',
    String(selectsOf(read)),
    'server-timing',
    serverTiming(read, startedMs),
  ];
  if (gzip) headers.push('content-encoding', 'gzip');
  response.writeHead(200, headers);
  response.end(body);
}

/** Value of the header `age`. */
export function ageSeconds(entry: Entry, nowMs: number): string {
  return String(Math.max(0, Math.floor((nowMs - entry.loadStartedAtMs) / 1000)));
}

/** RFC 9211. `ttl` is what is left of the copy's life, in s: negative once it is stale. */
export function cacheStatus(read: Read, nowMs: number): string {
  const { entry, outcome } = read;
  const ttl =
    entry === null || entry.ttlMs === 0 // kept without an end
      ? ''
      : `; ttl=${Math.floor((entry.loadStartedAtMs + entry.ttlMs - nowMs) / 1000)}`;
  switch (outcome) {
    case 'hit':
      return `cachelab; hit${ttl}`;
    case 'early':
    case 'stale':
      return `cachelab; hit${ttl}; detail=${outcome}`;
    case 'negative':
      return `cachelab; hit; detail=negative`;
    case 'rejected':
      return `cachelab; detail=rejected`;
    case 'coalesced':
      return 'cachelab; fwd=uri-miss; collapsed';
    case 'bypass':
      return 'cachelab; fwd=bypass';
    case 'miss':
      return read.stored ? 'cachelab; fwd=uri-miss; stored' : 'cachelab; fwd=uri-miss';
    default:
      return outcome satisfies never;
  }
}

/** Handling until now and, if this read loaded, the load, in ms. */
function serverTiming(read: Read, startedMs: number): string {
  const total = `total;dur=${(performance.now() - startedMs).toFixed(2)}`;
  return read.loaded === null
    ? total
    : `${total}, db;dur=${(read.loaded.micros / 1000).toFixed(2)}`;
}

/** RFC 9110: `gzip` or `*` named, and not with `q=0`. Without the header: no. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  if (header === undefined || header === '') return false;
  if (header === 'gzip' || header === 'gzip, deflate, br') return true; // what most clients send
  const codings = new Map(
    String(header)
      .toLowerCase()
      .split(',')
      .map((part): [string, number] => {
        const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim());
        const quality = parameters.find((parameter) => parameter.startsWith('q='));
        return [coding, quality === undefined ? 1 : Number(quality.slice(2))];
      }),
  );
  return (codings.get('gzip') ?? codings.get('*') ?? 0) > 0;
}

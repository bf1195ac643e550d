import { milliseconds, number, percent } from '../../reports/format.ts';
import { describe, type TraceInfo } from '../../sim/analysis/describe.ts';
import { lruCurve } from '../../sim/curves/mattson.ts';
import { onlyReads } from '../../sim/trace.ts';
import { EXIT } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { parseCaptureOptions, parseSourceOptions } from '../sim/options.ts';
import { openSource } from '../sim/source.ts';
import { captureTrace } from '../traces-capture/capture.ts';
import { printLines } from './lines.ts';
import { supervised } from './supervised.ts';

/** `trace info`: what a trace is like, before any cache meets it. */
export async function traceInfoCommand(flags: RawOptions, json: boolean): Promise<number> {
  const { trace, source } = await openSource(parseSourceOptions(flags), {
    ...{ times: true, sizes: true, writes: true },
  });
  const info = describe(trace);
  const halfAt = sizeOfHalf(trace);
  if (json) {
    process.stdout.write(`${JSON.stringify({ source, info, objectsForHalfTheHits: halfAt })}\n`);
    return EXIT.fine;
  }
  printLines([
    ...linesOf(info),
    [
      'LRU',
      halfAt === null
        ? 'misses more than half of the requests at every size'
        : `hits half of the requests with ${number(halfAt, 4)} objects`,
    ],
    ...source.notes.map((note) => ['note', note] as const),
  ]);
  return EXIT.fine;
}

/** Smallest LRU cache, in objects, that hits half of the reads; `null`: none does. */
function sizeOfHalf(trace: Parameters<typeof onlyReads>[0]): number | null {
  const { hits, requests } = lruCurve(onlyReads(trace));
  const at = hits.findIndex((count) => 2 * count >= requests);
  return at === -1 ? null : at;
}

function linesOf(info: TraceInfo): [string, string][] {
  const { requests, objects, zipf, reuseRequests, time, bytes } = info;
  const lines: [string, string][] = [
    ['requests', `${requests.toLocaleString('en-US')}, ${percent(info.writeShare)} of them writes`],
    [
      'objects',
      `${objects.toLocaleString('en-US')}, ${percent(info.oneHitShare)} of them requested once; the hottest has ${percent(info.topShare)} of the requests`,
    ],
    [
      'popularity',
      zipf === null
        ? 'too few requests an object for a law'
        : `Zipf with exponent ${number(zipf.exponent)} (R² ${number(zipf.rSquared)}, ranks 1 to ${number(zipf.toRank, 4)})`,
    ],
    [
      'reuse',
      reuseRequests === null
        ? 'no object is requested twice'
        : `after ${number(reuseRequests.p50, 4)} requests (median), ${number(reuseRequests.p90, 4)} (p90), ${number(reuseRequests.p99, 4)} (p99)`,
    ],
  ];
  if (time !== null) {
    const rate =
      time.requestsPerSecond === null ? '' : `: ${number(time.requestsPerSecond, 4)} requests/s`;
    const gaps =
      time.gapVariation === null
        ? ''
        : `; gaps vary by ${number(time.gapVariation)} (0 even, 1 Poisson, more in bursts)`;
    lines.push(['time', `${milliseconds(time.durationMs)}${rate}${gaps}`]);
  }
  if (bytes !== null) {
    lines.push([
      'sizes',
      `${number(bytes.sum, 4)} bytes in all; median ${number(bytes.p50, 4)}, p99 ${number(bytes.p99, 4)}, largest ${number(bytes.max, 4)}`,
    ]);
  }
  return lines;
}

/** `trace capture`: records the keys that a Redis is asked for, for a bounded time. */
export async function traceCaptureCommand(flags: RawOptions): Promise<number> {
  const { redis, seconds, maxBytes, hashKeys, out } = parseCaptureOptions(flags);
  return supervised('trace capture', async ({ supervisor, progress }) => {
    const captured = await captureTrace({
      ...{ redisUrl: redis, seconds, maxBytes, hashKeys, out },
      interrupted: supervisor.interrupted,
      say: (line) => progress.line(line),
    });
    progress.done();
    const { rows, bytes, endedBy, leftOut } = captured;
    process.stdout.write(
      `${number(rows, 4)} requests in ${number(captured.seconds)} s, ${number(bytes, 4)} bytes in ${out}` +
        `${endedBy === 'size' ? ' (ended by its size)' : ''}; left out: ${leftOut.withoutKeys} commands without keys, ${leftOut.otherDatabases} of other databases\n` +
        `npm run lab -- sim sweep --trace ${out} --columns time=time_s,key=key,op=op\n`,
    );
    return EXIT.fine;
  });
}

import { basename } from 'node:path';
import { number, plural } from '../../reports/format.ts';
import { sampleObjects } from '../../sim/curves/sample.ts';
import type { Columns } from '../../sim/formats/format.ts';
import { generate } from '../../sim/generators/generate.ts';
import { parseDescription } from '../../sim/generators/parameters.ts';
import { bytesInRedis } from '../../sim/redis/memory.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import { denseTrace } from '../traces/dense.ts';
import type { ReadOptions, TraceReport } from '../traces/read.ts';
import type { SourceOptions } from './options.ts';
import type { SimulatedSource } from './result.ts';

/** What a question needs of a trace; what it does not need is not kept in memory. */
export interface Needs {
  times: boolean;
  sizes: boolean;
  writes: boolean;
}

/**
 * Opens or generates the trace that the options name.
 * @throws LabError of `readTrace`; `E_BAD_OPTIONS` for a description or a map of columns that does not read.
 */
export async function openSource(
  options: SourceOptions,
  needs: Needs,
): Promise<{ trace: Trace; source: SimulatedSource }> {
  const opened =
    options.trace === null ? generated(options) : await fromFile(options.trace, options, needs);
  const { keyBytes } = options;
  const { bytes } = opened.trace;
  if (keyBytes === null || bytes === null) return opened;
  return {
    ...opened,
    trace: { ...opened.trace, bytes: bytes.map((size) => bytesInRedis(keyBytes, size)) },
  };
}

async function fromFile(
  path: string,
  options: SourceOptions,
  needs: Needs,
): Promise<{ trace: Trace; source: SimulatedSource }> {
  const { format, columns, sample, limit, maxBad } = options;
  const how: ReadOptions = {
    times: needs.times,
    sizes: needs.sizes,
    ops: needs.writes,
    ...(format === null ? {} : { format }),
    ...(columns === null ? {} : { columns: parseColumns(columns) }),
    ...(sample === 1 ? {} : { sample }),
    ...(limit === null ? {} : { limit }),
    ...(maxBad === null ? {} : { maxBad }),
  };
  const { trace, report } = await denseTrace(path, how);
  const source: SimulatedSource = {
    name: basename(path),
    requests: report.requests,
    objects: report.objects,
    seconds: report.spanSeconds,
    sample,
    notes: notesOf(report),
  };
  return { trace, source };
}

function generated({ generate: text, seed, sample }: SourceOptions): {
  trace: Trace;
  source: SimulatedSource;
} {
  const whole = described(text ?? '', seed);
  const trace = sample === 1 ? whole : sampleObjects(whole, { rate: sample, seed }).trace;
  const { ids, objects, ticks, tickMs } = trace;
  const last = ticks?.at(-1);
  const seconds = last === undefined ? null : (last * tickMs) / 1000;
  const notes = ['The trace was generated: what it lacks of real traffic, the answer lacks too.'];
  const source = { name: text ?? '', requests: ids.length, objects, seconds, sample, notes };
  return { trace, source };
}

function described(text: string, seed: number): Trace {
  try {
    return generate({ seed, ...parseDescription(text) });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LabError('E_BAD_OPTIONS', `--generate ${text}: ${cause.message}`, {
      hint: 'e.g. --generate zipf:exponent=0.9,objects=100000,requests=1000000,rate=1000',
      cause,
      exitCode: EXIT.badArguments,
    });
  }
}

const MEANINGS = ['time', 'key', 'size', 'op', 'count'] as const;

/**
 * A map of columns, by number from 1 or by the name in the header: `time=1,key=2` or `key=path,time=ts`.
 * @throws LabError `E_BAD_OPTIONS`
 */
export function parseColumns(text: string): Columns {
  const pairs = text.split(',').map((pair) => pair.split('=').map((word) => word.trim()));
  const entries = pairs.map(([meaning, column = '']) => {
    const known = MEANINGS.find((one) => one === meaning);
    if (known === undefined || column === '') throw badColumns(text);
    return [known, /^\d+$/.test(column) ? Number(column) : column] as const;
  });
  const columns: Partial<Columns> = Object.fromEntries(entries);
  const { key } = columns;
  if (key === undefined) throw badColumns(text);
  return { ...columns, key };
}

function badColumns(text: string): LabError {
  return new LabError(
    'E_BAD_OPTIONS',
    `--columns ${JSON.stringify(text)} must map ${MEANINGS.join(', ')} to columns, key among them`,
    {
      hint: 'by number from 1 or by header: --columns time=1,key=2,size=3',
      exitCode: EXIT.badArguments,
    },
  );
}

/** What a reader of the answer should know of the file. */
function notesOf(report: TraceReport): string[] {
  const { badLines, firstBadLines, otherLines, fills, timesHeld } = report;
  const { objectsResized, objectsUnsized } = report;
  const first = firstBadLines[0];
  const notes = [
    badLines === 0 || first === undefined
      ? ''
      : `${plural(badLines, 'line')} of the file could not be read and ${badLines === 1 ? 'is' : 'are'} left out; the first is line ${first.line}: ${first.reason}.`,
    otherLines === 0 ? '' : `${plural(otherLines, 'line')} neither reads nor changes an object.`,
    fills === 0
      ? ''
      : `${plural(fills, 'write')} within a second of a read of the same object ${fills === 1 ? 'is' : 'are'} taken for the fill after a miss.`,
    timesHeld === 0
      ? ''
      : `${plural(timesHeld, 'request')} written down late took the time of the one before.`,
    (objectsResized ?? 0) === 0
      ? ''
      : `${number(objectsResized ?? 0, 4)} objects changed their size; the first size counts.`,
    (objectsUnsized ?? 0) === 0
      ? ''
      : `${number(objectsUnsized ?? 0, 4)} objects have no size in the file and count as 1 byte.`,
  ];
  return notes.filter((note) => note !== '');
}

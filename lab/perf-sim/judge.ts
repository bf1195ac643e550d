import type { Reading } from './job.ts';
import type { PeerReading } from './peer.ts';
import { medianOf } from '../stats/median.ts';

/** One policy at one size: a reading a round. */
export interface CellReadings {
  readonly policy: string;
  /** Of the trace's objects. */
  readonly share: number;
  readonly capacity: number;
  readonly ours: Reading[];
  readonly peer: PeerReading[];
}

/** One policy at eight sizes: on one thread, on two, and by the peer on two. */
export interface SweepReadings {
  readonly policy: string;
  readonly alone: Reading[];
  readonly shared: Reading[];
  readonly peer: PeerReading[];
}

/** All that was measured on one trace; entries of one index are of one round. */
export interface TraceReadings {
  readonly name: string;
  readonly requests: number;
  readonly objects: number;
  readonly cells: CellReadings[];
  readonly sweeps: SweepReadings[];
  readonly interning: Reading[];
  /** `lru` at 10 % of a trace that is read by its keys: what all formats can do, and what curves are held against. */
  readonly byKeys: Reading[];
  /** By keys too. The answers of the two are for the same capacities. */
  readonly curve: Reading[];
  readonly sampled: Reading[];
  readonly dense: Reading[];
}

/** A figure, and what was promised of it. */
export interface Line {
  readonly what: string;
  readonly figure: string;
  readonly ratio: string;
  readonly target: string;
  /** null: nothing was promised. */
  readonly kept: boolean | null;
}

/** A sweep shares its reading: an eighth, and not more than a fifth with starting its threads. */
const SWEEP_READING = 1 / 5;
const CURVE_RATIO = 2;
const SAMPLED_RATIO = 1 / 5;
const DENSE_RATIO = 1 / 5;
const PEER_RATIO: readonly [fromShare: number, ratio: number][] = [
  [0.1, 2],
  [0, 1.5],
];
const PEER_SWEEP_RATIO = 6;

/** The most that a process may hold. */
const mostBytes = ({ requests, objects }: { requests: number; objects: number }): number =>
  4 * requests + 64 * objects + 100e6;

/** Holds what was measured against what is promised. Ratios are taken round by round; a promise is held by their median. */
export function judge(trace: TraceReadings): Line[] {
  const { cells, sweeps } = trace;
  return [
    plainLine('interning alone', trace.interning.map(rate)),
    plainLine('lru at 10 %, by keys', trace.byKeys.map(rate)),
    ...cells.map(cellLine),
    ...sweeps.flatMap(sweepLines),
    ...curveLines(trace),
    ...memoryLines(trace),
    countsLine(trace),
    ...peerCountsLine(trace),
  ];
}

/** Million requests a second. */
const rate = ({ requests, seconds }: Reading): number => requests / seconds / 1e6;
const kernelSeconds = ({ seconds, readSeconds }: Reading): number => seconds - readSeconds;
const kernelRate = (reading: Reading): number => reading.requests / kernelSeconds(reading) / 1e6;

function plainLine(what: string, rates: readonly number[]): Line {
  return { what, figure: `${spread(rates)} M/s`, ratio: '', target: '', kept: null };
}

function cellLine(cell: CellReadings): Line {
  const { share, ours, peer } = cell;
  const what = cellName(cell);
  const figure = `${spread(ours.map(rate))} M/s end to end, kernel ${spread(ours.map(kernelRate))}`;
  if (peer.length === 0) return { what, figure, ratio: '', target: '', kept: null };
  const least = PEER_RATIO.find(([from]) => share >= from)?.[1] ?? 1;
  return atLeast(what, figure, secondsRatio(peer, ours), least, 'libcachesim’s speed');
}

function sweepLines({ policy, alone, shared, peer }: SweepReadings): Line[] {
  const sizes = alone[0]?.misses.length ?? 0;
  const what = `${policy}, ${sizes} sizes on 2 threads`;
  const singles = alone.map((one) => ({
    seconds: sizes * one.readSeconds + kernelSeconds(one),
  }));
  const figure = `${spread(seconds(shared))} s, ${spread(secondsRatio(singles, shared))} times as fast as ${sizes} single runs`;
  const allowed = alone.map((one) => ({
    seconds: SWEEP_READING * sizes * one.readSeconds + kernelSeconds(one),
  }));
  const target = `${percent(SWEEP_READING)} of ${sizes} readings and the kernels`;
  const lines = [atMost(what, figure, secondsRatio(shared, allowed), 1, target)];
  if (peer.length > 0)
    lines.push(
      atLeast(
        what,
        `libcachesim on 2 threads: ${spread(seconds(peer))} s`,
        secondsRatio(peer, shared),
        PEER_SWEEP_RATIO,
        'libcachesim’s speed',
      ),
    );
  return lines;
}

function curveLines({ byKeys, curve, sampled, dense, requests }: TraceReadings): Line[] {
  const reading = byKeys.map(({ readSeconds }) => ({ seconds: readSeconds }));
  const denseReading = dense.map(({ readSeconds }) => ({ seconds: readSeconds }));
  const lines = [
    atMost(
      'LRU curve of all sizes, by keys',
      `${spread(seconds(curve))} s, without reading ${spread(curve.map(kernelSeconds))}`,
      secondsRatio(curve, byKeys),
      CURVE_RATIO,
      'of lru at 10 % by keys, end to end',
    ),
    atMost(
      'the same from 1 % of the objects',
      `${spread(seconds(sampled))} s, without reading ${spread(sampled.map(kernelSeconds))}`,
      secondsRatio(sampled, reading),
      SAMPLED_RATIO,
      'of reading all by keys',
    ),
    atMost(
      'second question (lru at 10 %)',
      `${spread(seconds(dense))} s, of it reading ${spread(seconds(denseReading))}`,
      secondsRatio(denseReading, reading),
      DENSE_RATIO,
      'of the first reading, by keys',
    ),
  ];
  return [...lines, ...errorLine(curve[0], sampled[0], requests)];
}

/** Where the sample says that it can speak, the exact curve has to lie inside its intervals. */
function errorLine(
  curve: Reading | undefined,
  sampled: Reading | undefined,
  requests: number,
): Line[] {
  const usable = (sampled?.points ?? []).flatMap((point, at) => {
    const exact = (curve?.misses[at] ?? Number.NaN) / requests;
    return point.usable ? [{ ...point, exact }] : [];
  });
  if (usable.length === 0) return [];
  const points = (of: (one: (typeof usable)[number]) => number): string =>
    usable.map((one) => digits(100 * of(one))).join(', ');
  const off = points(({ missRatio, exact }) => Math.abs(missRatio - exact));
  const half = points(({ low, high }) => (high - low) / 2);
  return [
    {
      what: 'error of the sample',
      figure: `${off} points at ${usable.length} sizes that are not void, stated ±${half}`,
      ratio: '',
      target: 'inside its 95 % intervals',
      kept: usable.every(({ low, exact, high }) => low <= exact && exact <= high),
    },
  ];
}

function memoryLines(trace: TraceReadings): Line[] {
  const { cells, sweeps, byKeys, curve, sampled, dense } = trace;
  const most = mostBytes(trace);
  const line = (what: string, of: readonly { name: string; readings: readonly Reading[] }[]) => {
    const peaks = of.map(({ name, readings }) => ({
      name,
      bytes: Math.max(...readings.map(({ peakBytes }) => peakBytes)),
    }));
    const worst = peaks.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    return atMost(
      what,
      `${megabytes(worst.bytes)} of ${megabytes(most)} (${worst.name})`,
      [worst.bytes / most],
      1,
      '4 B a request, 64 B an object, 100 MB',
    );
  };
  const runs = cells.map((cell) => ({ name: cellName(cell), readings: cell.ours }));
  const others = [
    { name: 'lru by keys', readings: byKeys },
    { name: 'curve', readings: curve },
    { name: 'sample', readings: sampled },
    { name: 'dense file', readings: dense },
  ];
  return [
    line('peak memory, one policy or curve', [...runs, ...others]),
    ...(sweeps.length === 0
      ? []
      : [
          line(
            'peak memory, sweep on 2 threads',
            sweeps.map(({ policy, shared }) => ({ name: policy, readings: shared })),
          ),
        ]),
  ];
}

/** Every way to the same figure has to lead to it: rounds, threads, the curve, the dense file. */
function countsLine({ cells, sweeps, byKeys, curve, dense }: TraceReadings): Line {
  const lru = (share: number): string[] =>
    counts(cells.find((cell) => cell.policy === 'lru' && cell.share === share)?.ours ?? []);
  const same: [name: string, counts: readonly string[]][] = [
    ...cells.map((cell): [string, string[]] => [cellName(cell), counts(cell.ours)]),
    ...sweeps.map(({ policy, alone, shared }): [string, string[]] => [
      `sweep of ${policy}`,
      counts([...alone, ...shared]),
    ]),
    ['curve', counts(curve)],
    ['curve at its first size', [...lru(0.01), ...curve.map(({ misses }) => String(misses[0]))]],
    ['by keys', [...lru(0.1), ...counts(byKeys)]],
    ['dense file', [...lru(0.1), ...counts(dense)]],
  ];
  const wrong = same.filter(([, values]) => new Set(values).size !== 1).map(([name]) => name);
  return countLine('counts repeat', same.length, wrong);
}

function peerCountsLine({ cells, sweeps }: TraceReadings): Line[] {
  const pairs = [
    ...cells.map((cell) => ({ name: cellName(cell), ours: cell.ours[0], theirs: cell.peer })),
    ...sweeps.map(({ policy, alone, peer }) => ({
      ...{ name: `sweep of ${policy}`, ours: alone[0], theirs: peer },
    })),
  ].filter(({ theirs }) => theirs.length > 0);
  if (pairs.length === 0) return [];
  const wrong = pairs.flatMap(({ name, ours, theirs }) => {
    const other = theirs.find(({ misses }) => misses.join() !== ours?.misses.join());
    return other === undefined
      ? []
      : [`${name} (${ours?.misses.join()} and ${other.misses.join()})`];
  });
  return [countLine('miss counts as libcachesim', pairs.length, wrong)];
}

function countLine(what: string, all: number, wrong: readonly string[]): Line {
  const kept = wrong.length === 0;
  const figure = kept ? `all ${all}` : `not: ${wrong.join(', ')}`;
  return { what, figure, ratio: '', target: 'to the last digit', kept };
}

const counts = (readings: readonly Reading[]): string[] =>
  readings.map(({ misses }) => misses.join());

const cellName = ({ policy, share }: CellReadings): string => `${policy} at ${percent(share)}`;

const seconds = (of: readonly { seconds: number }[]): number[] => of.map((one) => one.seconds);

/** Round by round. */
function secondsRatio(
  above: readonly { seconds: number }[],
  below: readonly { seconds: number }[],
): number[] {
  return above.map((one, round) => one.seconds / (below[round]?.seconds ?? Number.NaN));
}

function atMost(
  what: string,
  figure: string,
  ratios: readonly number[],
  bound: number,
  of: string,
): Line {
  const target = `<= ${digits(bound)}: ${of}`;
  return { what, figure, ratio: spread(ratios), target, kept: median(ratios) <= bound };
}

function atLeast(
  what: string,
  figure: string,
  ratios: readonly number[],
  bound: number,
  of: string,
): Line {
  const target = `>= ${digits(bound)}: ${of}`;
  return { what, figure, ratio: spread(ratios), target, kept: median(ratios) >= bound };
}

/** `17.2 (16.9–17.6)`: median, least and most. */
function spread(values: readonly number[]): string {
  if (values.length === 1) return digits(values[0]!);
  return `${digits(median(values))} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`;
}

/** NaN without values: a promise about nothing is not kept. */
function median(values: readonly number[]): number {
  return medianOf(values)?.value ?? Number.NaN;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${digits(100 * share)} %`;
const megabytes = (bytes: number): string => `${digits(bytes / 1e6)} MB`;

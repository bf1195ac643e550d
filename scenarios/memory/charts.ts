import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { type Curve, curves } from '../../reports/charts/curves.ts';
import { type IntervalRow, intervals } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { micros, number, percent, plural } from '../../reports/format.ts';
import type { Line } from './grid.ts';
import { hashBytesPerField, stringBytesPerField } from './hash-model.ts';
import { type Cell, cellsOf, dishSaved, quantumOf, sampleOf } from './judgement.ts';
import { LAYOUTS } from './layouts.ts';
import { type Operation, OPERATIONS } from './timings.ts';

const KIB = 1024;

/** Figures of the memory experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const cells = cellsOf(analysis);
  return [
    bytesByLayout(analysis),
    ratioCurve(analysis, cells, 'fields'),
    ratioCurve(analysis, cells, 'values'),
    ...OPERATIONS.map((operation) => times(analysis, operation)),
    lookUps(analysis, cells),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function layoutsOf(analysis: ExperimentAnalysis): ArmAnalysis | null {
  return analysis.arms.find((one) => one.arm === 'layouts') ?? null;
}

function bytesByLayout(analysis: ExperimentAnalysis): Figure | null {
  const arm = layoutsOf(analysis);
  const page = sampleOf(arm, 'json/bytes')?.value;
  const rows = LAYOUTS.flatMap(({ name, title }): IntervalRow[] => {
    const bytes = sampleOf(arm, `${name}/bytes`);
    const keys = sampleOf(arm, `${name}/keys`)?.value;
    const usage = sampleOf(arm, `${name}/usageBytes`)?.value;
    if (bytes === null || keys === undefined || usage === undefined) return [];
    const size = page === undefined ? '' : `, ${number(bytes.value / page)} times JSON`;
    const estimate = { value: bytes.value / KIB, interval: null, n: bytes.n };
    const told = `MEMORY USAGE ${number(usage / KIB)}`;
    const text = `${title}: ${number(bytes.value / KIB)} KiB (${told})${size}; ${plural(keys, 'key')}`;
    return [{ arm: name, estimate, text }];
  });
  const saved = dishSaved(analysis);
  const least = rows.toSorted((a, b) => a.estimate.value - b.estimate.value)[0];
  const smallest =
    least === undefined
      ? ''
      : `; least of all takes ${least.arm}, ${number(least.estimate.value)} KiB a page`;
  return intervals(analysis, {
    id: 'bytes',
    title:
      saved === null
        ? 'Memory of one page by layout'
        : `A Hash per dish saves ${percent(saved.saved)} of what a String per field takes${smallest}`,
    subtitle:
      'Growth of used_memory a copy, in KiB, beside the sum of MEMORY USAGE over its keys, which leaves out the table’s buckets. Counted.',
    axis: 'KiB a page',
    rows,
  });
}

/** Hash over Strings around the limits; the line is what theory says. */
function ratioCurve(
  analysis: ExperimentAnalysis,
  cells: readonly Cell[],
  along: 'fields' | 'values',
): Figure | null {
  const quantum = quantumOf(analysis);
  const own = (name: Line['name']): Cell[] => cells.filter(({ line }) => line.name === name);
  const curve = (called: string, name: Line['name']): Curve => ({
    name: called,
    measured: own(name).map(({ at, ratio }) => ({ x: at, y: ratio })),
    theory:
      quantum === null
        ? []
        : own(name).map(({ at, shape }): [number, number] => [
            at,
            hashBytesPerField(shape, quantum) / stringBytesPerField(shape, quantum),
          ]),
  });
  const shipped = own(along);
  const [first, last] = [shipped[0]?.at, shipped.at(-1)?.at];
  if (first === undefined || last === undefined) return null;
  return curves(analysis, {
    id: `hash-by-${along}`,
    title: jumpText(shipped, along),
    subtitle:
      along === 'fields'
        ? 'Memory of a Hash over that of one String per field, values of 16 bytes; a listpack has 128 fields at most.'
        : 'Memory of a Hash of 16 fields over that of one String per field; values in a listpack have 64 bytes at most.',
    x: {
      title: along === 'fields' ? 'fields of a Hash (log scale)' : 'bytes of a value (log scale)',
      spacing: 'log',
    },
    y: { title: 'Hash over Strings', share: true },
    series: [
      curve('limits 128 and 64', along),
      curve('limits 1,024', `${along}-raised`),
      {
        name: 'story: half',
        theory: [
          [first, 0.5],
          [last, 0.5],
        ],
        measured: [],
      },
    ],
  });
}

function jumpText(cells: readonly Cell[], along: 'fields' | 'values'): string {
  const [unit, limit] = along === 'fields' ? ['fields', 128] : ['bytes a value', 64];
  const [below, above] = [
    cells.findLast(({ at }) => at <= limit),
    cells.find(({ at }) => at > limit),
  ];
  if (below === undefined || above === undefined) return 'Hash over Strings';
  return `A Hash takes ${percent(below.ratio)} of the Strings’ memory at ${below.at} ${unit}, ${percent(above.ratio)} at ${above.at}`;
}

function times(analysis: ExperimentAnalysis, operation: Operation): Figure | null {
  const arm = layoutsOf(analysis);
  const rows = LAYOUTS.flatMap(({ name }): IntervalRow[] => {
    const median = sampleOf(arm, `${name}/${operation}P50Micros`);
    const p95 = sampleOf(arm, `${name}/${operation}P95Micros`);
    const trips = sampleOf(arm, `${name}/${operation}Trips`)?.value;
    if (median === null || trips === undefined) return [];
    const tail = p95 === null ? '' : `, p95 ${micros(p95.value)}`;
    const text = `${micros(median.value)}${tail}; ${plural(trips, 'round trip')}`;
    return [{ arm: name, estimate: median, text }];
  });
  return intervals(analysis, {
    id: `time-${operation}`,
    title: timesTitle(arm, operation),
    subtitle: `Median over the repetitions of a trial, geometric mean over ${plural(arm?.trials.valid ?? 0, 'trial')} with its 95 % t interval where there are two; one client that waits for each reply.`,
    axis: 'µs (log scale)',
    spacing: 'log',
    rows,
  });
}

/** Two layouts that stand for what is near and what is far. */
const TOLD: Readonly<Record<Operation, { what: string; layouts: readonly [string, string] }>> = {
  all: { what: 'Reading the whole page', layouts: ['json', 'hash-per-dish'] },
  category: { what: 'Reading one category', layouts: ['hash-by-category', 'json'] },
  price: { what: 'Changing one price', layouts: ['hash-per-dish', 'json'] },
};

function timesTitle(arm: ArmAnalysis | null, operation: Operation): string {
  const { what, layouts } = TOLD[operation];
  const texts = layouts.flatMap((name) => {
    const took = sampleOf(arm, `${name}/${operation}P50Micros`);
    return took === null ? [] : [`${micros(took.value)} in ${name}`];
  });
  return texts.length < 2 ? what : `${what} takes ${texts.join(', ')}`;
}

/** A listpack is searched from its start: what it saves in memory it takes in time. */
function lookUps(analysis: ExperimentAnalysis, cells: readonly Cell[]): Figure | null {
  const arm = analysis.arms.find((one) => one.arm === 'listpack') ?? null;
  const line = (called: string, name: Line['name']): Curve => ({
    name: called,
    theory: [],
    measured: cells
      .filter((cell) => cell.line.name === name)
      .flatMap(({ at }) => {
        const took = sampleOf(arm, `${name}/${at}/hgetMicros`);
        return took === null
          ? []
          : [{ x: at, y: took.value, ...(took.interval === null ? {} : took.interval) }];
      }),
  });
  const series = [line('limits 128 and 64', 'fields'), line('limits 1,024', 'fields-raised')];
  const longest = series.flatMap(({ measured }) => measured).toSorted((a, b) => b.y - a.y)[0];
  return curves(analysis, {
    id: 'look-ups',
    title:
      longest === undefined
        ? 'Time of HGET inside the server'
        : `A listpack is searched from its start: HGET takes ${micros(longest.y)} at ${number(longest.x)} fields`,
    subtitle: 'Mean time of one HGET inside the server (INFO commandstats), each field read once.',
    x: { title: 'fields of a Hash (log scale)', spacing: 'log' },
    y: { title: 'µs a look-up (log scale)', spacing: 'log' },
    series,
    words: { lines: 'no model', points: 'measured' },
  });
}

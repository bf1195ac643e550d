import { armOf, claim, figure, notJudged, times } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate, TheoryCheck } from '../../lab/result.ts';
import { arithmeticMean, geometricMean } from '../../lab/stats/mean.ts';
import { percent, plural } from '../../reports/format.ts';
import { cellName, isPacked, type Line, LINES, placeOf, type Shape } from './grid.ts';
import { hashBytesPerField, stringBytesPerField } from './hash-model.ts';

/** "About 50 %" of C11. */
const ABOUT_HALF = { low: 0.4, high: 0.6 };
/** Theory leaves out what a table of few entries has to spare. */
const THEORY_TOLERANCE = 0.03;

/** A figure of one cell over the trials: bytes are the same in all of them, times are not. */
export function sampleOf(arm: ArmAnalysis | null, name: string): Estimate | null {
  const values = arm?.findings?.samples[name] ?? [];
  return values.some((value) => value <= 0) ? arithmeticMean(values) : geometricMean(values);
}

/** One cell of the curves. */
export interface Cell {
  line: Line;
  shape: Shape;
  at: number;
  hashBytes: Estimate;
  stringBytes: Estimate;
  /** Hash over Strings: 0.5 is the claim's half. */
  ratio: number;
}

export function cellsOf(analysis: Pick<Analysed, 'arms'>): Cell[] {
  const arm = analysis.arms.find((one) => one.arm === 'listpack' && one.trials.valid > 0) ?? null;
  return LINES.flatMap((line) =>
    line.shapes.flatMap((shape): Cell[] => {
      const hashBytes = sampleOf(arm, `${cellName(line, shape)}/hashBytes`);
      const stringBytes = sampleOf(arm, `${cellName(line, shape)}/stringBytes`);
      if (hashBytes === null || stringBytes === null) return [];
      const ratio = hashBytes.value / stringBytes.value;
      return [{ line, shape, at: placeOf(line, shape), hashBytes, stringBytes, ratio }];
    }),
  );
}

/** Memory saved by one Hash a dish instead of a String a field, 0 to 1; null without a valid trial. */
export function dishSaved(analysis: Pick<Analysed, 'arms'>): {
  saved: number;
  hashBytes: number;
  stringBytes: number;
  /** How far the trials lie apart, in words. */
  spread: string;
} | null {
  const arm = analysis.arms.find((one) => one.arm === 'layouts' && one.trials.valid > 0) ?? null;
  const hash = sampleOf(arm, 'hash-per-dish/dishBytes');
  const strings = sampleOf(arm, 'string-per-field/dishBytes');
  if (hash === null || strings === null) return null;
  const [hashBytes, stringBytes] = [hash.value, strings.value];
  const both = ['hash-per-dish', 'string-per-field'].map(
    (name) => new Set(arm?.findings?.samples[`${name}/dishBytes`]?.map(figure)),
  );
  const spread = both.every(({ size }) => size === 1)
    ? `the same in ${plural(hash.n, 'trial')}`
    : `Hash ${times(hash)}, Strings ${times(strings)} in ${plural(hash.n, 'trial')}`;
  return { saved: 1 - hashBytes / stringBytes, hashBytes, stringBytes, spread };
}

export function answer(analysis: Analysed): string {
  const dish = dishSaved(analysis);
  const arm = armOf(analysis, 'layouts');
  if (dish === null || arm === null) return 'No answer: no valid trial of the layouts.';
  const json = sampleOf(arm, 'json/bytes');
  const gzip = sampleOf(arm, 'gzip-1/bytes');
  const strings = sampleOf(arm, 'string-per-field/bytes');
  const hashes = `A Hash per dish takes ${percent(dish.saved)} less memory than a String per field`;
  if (json === null || gzip === null || strings === null) return `${hashes}.`;
  const shared = (bytes: Estimate): string => figure(json.value / bytes.value);
  return `${hashes}; one compressed String per page takes 1/${shared(gzip)} of the plain JSON, a String per field ${figure(strings.value / json.value)} times as much.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  const dish = dishSaved(analysis);
  const cells = cellsOf(analysis);
  if (dish === null) return [notJudged('C11', 'no valid trial of the layouts')];
  const measured = `${percent(dish.saved)} saved by a dish of the restaurant (${figure(dish.stringBytes)} bytes as Strings, ${figure(dish.hashBytes)} as a Hash; counted, ${dish.spread})`;
  if (cells.length === 0) {
    return about(dish.saved)
      ? [claim('C11', 'confirmed', measured, 'about half; the limits of listpacks were not tested')]
      : [notJudged('C11', `${measured}; the limits of listpacks have no valid trial`)];
  }
  const saved = cells.map((cell) => ({ cell, saved: 1 - cell.ratio }));
  const inside = saved.filter((one) => about(one.saved));
  const range = `${band(saved.map((one) => one.saved))} over ${cells.length} shapes of Hashes`;
  const figures = `${measured}; ${range}`;
  if (about(dish.saved) && inside.length === saved.length)
    return [claim('C11', 'confirmed', figures, 'about half in every shape')];
  if (!about(dish.saved) && inside.length === 0)
    return [claim('C11', 'refuted', figures, 'about half in no shape')];
  return [claim('C11', 'depends', figures, reasonOf(saved))];
}

const about = (saved: number): boolean => saved >= ABOUT_HALF.low && saved <= ABOUT_HALF.high;

const signed = (saved: number): string =>
  saved < 0 ? `${percent(-saved)} more` : `${percent(saved)} saved`;

const band = (values: readonly number[]): string =>
  values.length === 0
    ? 'not tested'
    : `${signed(Math.min(...values))} to ${signed(Math.max(...values))}`;

/** What packing and its limits do, from the cells themselves. */
function reasonOf(saved: readonly { cell: Cell; saved: number }[]): string {
  const of = (packed: boolean): number[] =>
    saved
      .filter(({ cell }) => isPacked(cell.shape) === packed && cell.shape.fields > 1)
      .map((one) => one.saved);
  const [packed, tables] = [of(true), of(false)];
  return `on how many fields a Hash has and how long they are: listpacks ${band(packed)}, tables, past either limit, ${band(tables)}; long values hide what a key takes`;
}

export function theory(analysis: Analysed): TheoryCheck[] {
  const quantum = quantumOf(analysis);
  if (quantum === null) return [];
  return cellsOf(analysis).flatMap(({ line, shape, at, hashBytes, stringBytes }) => {
    const what = line.name.startsWith('fields')
      ? `${at} fields of ${shape.valueBytes} bytes`
      : `${shape.fields} fields of ${at} bytes`;
    const limits = `limits ${shape.limits.entries} and ${shape.limits.valueBytes}`;
    const rows = [
      {
        quantity: `bytes a field, Hash of ${what}, ${limits}`,
        formula: isPacked(shape) ? 'listpack / n' : 'table entries',
        theory: hashBytesPerField(shape, quantum),
        measured: hashBytes,
      },
      // Strings do not depend on the Hash: one row a size.
      ...(line.name === 'values'
        ? [
            {
              quantity: `bytes a String of ${at} bytes`,
              formula: 'entry + key + object + value + bucket',
              theory: stringBytesPerField(shape, quantum),
              measured: stringBytes,
            },
          ]
        : []),
    ];
    return rows.map((row): TheoryCheck => {
      const agrees = Math.abs(row.measured.value / row.theory - 1) <= THEORY_TOLERANCE;
      const note = `Redis 7, allocator in steps of ${quantum} bytes; within 3 %`;
      return { arm: 'listpack', unit: 'B', ...row, agrees, note };
    });
  });
}

/** Steps of the allocator; null where it did not tell them. */
export function quantumOf(analysis: Pick<Analysed, 'arms'>): 8 | 16 | null {
  const arm = analysis.arms.find((one) => one.arm === 'listpack');
  const told = arm?.findings?.samples['quantumBytes']?.[0];
  return told === 8 || told === 16 ? told : null;
}

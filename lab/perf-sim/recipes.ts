import { generate } from '../../sim/generators/generate.ts';
import type { TraceDescription } from '../../sim/generators/parameters.ts';
import { readTrace } from '../traces/read.ts';
import { writeWhole } from '../traces/write.ts';
import { spreadRecords } from './spread.ts';

/** A trace that is measured: one of the recipes, or a file of the user's. */
export type Recipe =
  | { kind: 'generated'; name: RecipeName; requests: number }
  | { kind: 'copied'; from: string; requests: number };

export type RecipeName = (typeof RECIPES)[number];

/** One of independent requests, and one with loops and scans: on the first alone, modern policies look alike. */
export const RECIPES = ['zipf10', 'mix'] as const;

/**
 * 20 million requests, 1,000 a second. `zipf10`: Zipf(1.0), ten requests an object. `mix`: bursts of 4,096, of which 70 % are
 * Zipf(0.9) over a twentieth as many objects as requests, 25 % a loop over a fiftieth, 5 % a scan. Fewer requests have fewer
 * objects.
 */
function descriptionOf(name: RecipeName, requests: number): TraceDescription {
  const part = (each: number): number => Math.max(1, Math.round(requests / each));
  const common = { requests, seed: 1, rate: 1000, arrivals: 'constant' } as const;
  return name === 'zipf10'
    ? { kind: 'zipf', exponent: 1, objects: part(10), ...common }
    : { kind: 'mix', exponent: 0.9, objects: part(20), loop: part(50), ...common };
}

/**
 * Writes a recipe's trace as oracleGeneral. A copied one keeps its times and its order; sizes become 1, ids become others of 64
 * bits, so that both simulators read the same plain file.
 * @throws LabError of `readTrace`.
 */
export async function writeRecipe(recipe: Recipe, to: string): Promise<void> {
  const trace =
    recipe.kind === 'generated'
      ? generate(descriptionOf(recipe.name, recipe.requests))
      : (await readTrace(recipe.from, { times: true, limit: recipe.requests })).trace;
  await writeWhole(to, spreadRecords(trace));
}

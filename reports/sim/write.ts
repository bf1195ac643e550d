import type { CurveRow, SimulationResult, SizeRow, TtlRow } from '../../lab/sim/result.ts';
import { csv } from '../csv.ts';
import type { DrawnFigure } from '../html-parts.ts';
import { draw, writeAll } from '../write.ts';
import { simulationFigures } from './figures.ts';
import { simulationPage } from './page.ts';

/**
 * Writes a simulation as `report.html`, `results.json`, `csv/` and `charts/`; each appears whole or not at all.
 * @param folder - Made when it is missing.
 */
export async function writeSimulation(result: SimulationResult, folder: string): Promise<void> {
  const files = new Map<string, string | Uint8Array>();
  const figures: DrawnFigure[] = [];
  for (const figure of simulationFigures(result)) figures.push(await draw(figure, files));
  files.set('report.html', simulationPage(result, figures));
  files.set('results.json', `${JSON.stringify(result, null, 1)}\n`);
  for (const [name, text] of csvFilesOf(result)) files.set(`csv/${name}`, text);
  await writeAll(folder, files);
}

/** The rows as one CSV: those of the sizes, else of the TTLs, else of the curve. */
export function rowsCsv(result: SimulationResult): string {
  return [...csvFilesOf(result).values()][0] ?? '';
}

/** CSV files by name; those without a row are left out. */
function csvFilesOf({ sizes, ttls, curve }: SimulationResult): Map<string, string> {
  const files = new Map<string, string>();
  if (sizes.length > 0) files.set('sizes.csv', sizesCsv(sizes));
  if (ttls.length > 0) files.set('ttls.csv', ttlsCsv(ttls));
  if (curve.length > 0) files.set('curve.csv', curveCsv(curve));
  return files;
}

function sizesCsv(sizes: readonly SizeRow[]): string {
  return csv(
    ['policy', 'size', 'unit', 'capacity', 'requests', 'hits', 'hit_ratio'],
    sizes.map((row) => [
      ...[row.policy, row.size, row.unit, row.capacity],
      ...[row.requests, row.hits, row.hitRatio],
    ]),
  );
}

function ttlsCsv(ttls: readonly TtlRow[]): string {
  return csv(
    [
      ...['policy', 'eviction', 'size', 'ttl_s', 'hit_ratio', 'stale_share'],
      ...['loads_per_second', 'peak_loads_per_second', 'mean_residents'],
    ],
    ttls.map((row) => [
      ...[row.policy, row.cache?.policy ?? null, row.cache?.size ?? null],
      ...[row.ttlSeconds, row.hitRatio, row.staleShare],
      ...[row.loadsPerSecond, row.peakLoadsPerSecond, row.meanResidents],
    ]),
  );
}

function curveCsv(curve: readonly CurveRow[]): string {
  return csv(
    ['policy', 'method', 'capacity', 'miss_ratio', 'low', 'high'],
    curve.map((row) => [
      ...[row.policy, row.method, row.capacity, row.missRatio],
      ...[row.low, row.high],
    ]),
  );
}

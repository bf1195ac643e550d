import type { SimulationResult } from '../../lab/sim/result.ts';
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
  files.set('csv/sizes.csv', sizesCsv(result));
  files.set('csv/ttls.csv', ttlsCsv(result));
  await writeAll(folder, files);
}

/** One row a policy and size. */
export function sizesCsv({ sizes }: SimulationResult): string {
  return csv(
    ['policy', 'size', 'unit', 'capacity', 'requests', 'hits', 'hit_ratio'],
    sizes.map((row) => [
      ...[row.policy, row.size, row.unit, row.capacity],
      ...[row.requests, row.hits, row.hitRatio],
    ]),
  );
}

/** One row a policy and TTL. */
export function ttlsCsv({ ttls }: SimulationResult): string {
  return csv(
    [
      'policy',
      'ttl_s',
      'hit_ratio',
      'stale_share',
      'loads_per_second',
      'peak_loads_per_second',
      'mean_residents',
    ],
    ttls.map((row) => [
      ...[row.policy, row.ttlSeconds, row.hitRatio],
      ...[row.staleShare, row.loadsPerSecond, row.peakLoadsPerSecond, row.meanResidents],
    ]),
  );
}

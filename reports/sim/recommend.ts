import type { RecommendationResult } from '../../lab/sim/result.ts';
import { csv } from '../csv.ts';
import { escapeXml } from '../escape.ts';
import { number, percent } from '../format.ts';
import { bullets, type DrawnFigure, figure, prose, scrollTable } from '../html-parts.ts';
import { PAGE_STYLE } from '../page-style.ts';
import { draw, writeAll } from '../write.ts';
import { recommendationAnswer } from './recommend-answer.ts';
import { recommendationFigures } from './recommend-figures.ts';
import { recommendationTables } from './recommend-tables.ts';

/** What every recommendation leaves out. */
export const RECOMMENDATION_LIMITS: readonly string[] = [
  'A trace is one stretch of one past: the fullest second of tomorrow may be fuller.',
  'One Redis; every load takes the same time and the same SELECTs; no CPU, no network.',
  'Promises hold while all services work. Under presets that delete, they hold for changes that somebody deletes for: the preset says for which.',
  'Memory counts keys, values, table entries and 2 MB for the server itself; fragmentation and replicas come on top.',
];

/** The page of a recommendation as one HTML file: no script, no network. */
export function recommendationPage(
  result: RecommendationResult,
  figures: readonly DrawnFigure[],
): string {
  const { source, command, policy, redisConf } = result;
  const title = `A cache for ${source.name}`;
  const span = source.seconds === null ? '' : ` over ${number(source.seconds)} s`;
  const kept = source.sample === 1 ? '' : `, ${percent(source.sample)} of the keys`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(`${title} · cachelab`)}</title>
<style>${PAGE_STYLE}</style></head>
<body>
<header><h1>${prose(title)}</h1><p class="kicker">${prose(`${source.requests.toLocaleString('en-US')} requests for ${source.objects.toLocaleString('en-US')} objects${span}${kept}, seed ${result.seed}`)}</p></header>
<main><section class="experiment">
<p class="answer">${prose(recommendationAnswer(result))}</p>
${policy === null ? '' : block('For PUT /lab/policy', JSON.stringify(policy, null, 2))}
${redisConf.length === 0 ? '' : block('For redis.conf', redisConf.join('\n'))}
${figures.map((drawn) => figure(drawn)).join('\n')}
${recommendationTables(result)
  .map(({ title: name, table }) => `<h3>${prose(name)}</h3>${scrollTable(name, table)}`)
  .join('\n')}
<h3>Before the numbers</h3>${bullets([...source.notes, ...RECOMMENDATION_LIMITS])}
</section></main>
<footer><h3>Run it again</h3><pre><code>${escapeXml(command)}</code></pre></footer>
</body></html>
`;
}

function block(title: string, text: string): string {
  return `<h3>${prose(title)}</h3><pre><code>${escapeXml(text)}</code></pre>`;
}

/**
 * Writes a recommendation as `report.html`, `results.json`, `policy.json`, `redis.conf`, `csv/` and `charts/`; each appears whole
 * or not at all.
 * @param folder - Made when it is missing.
 */
export async function writeRecommendation(
  result: RecommendationResult,
  folder: string,
): Promise<void> {
  const files = new Map<string, string | Uint8Array>();
  const figures: DrawnFigure[] = [];
  for (const one of recommendationFigures(result)) figures.push(await draw(one, files));
  files.set('report.html', recommendationPage(result, figures));
  files.set('results.json', `${JSON.stringify(result, null, 1)}\n`);
  if (result.policy !== null) {
    files.set('policy.json', `${JSON.stringify(result.policy, null, 2)}\n`);
    files.set('redis.conf', `${result.redisConf.join('\n')}\n`);
  }
  files.set('csv/grid.csv', gridCsv(result));
  await writeAll(folder, files);
}

/** One row a point of the grid that is fresh enough and fits. */
export function gridCsv({ rows }: RecommendationResult): string {
  return csv(
    [
      ...['preset', 'ttl_ms', 'jitter', 'promised_ms', 'maxmemory_bytes', 'maxmemory_policy'],
      ...['hit_ratio', 'loads_per_second', 'selects_per_read', 'peak_selects_per_second'],
      ...['peak_over_mean', 'stale_share', 'longest_stale_ms', 'resident_bytes'],
    ],
    rows.map((row) => [
      ...[row.way, row.ttlMs, row.jitter, row.boundMs, row.memoryBytes, row.policy],
      ...[row.hitRatio, row.loadsPerSecond, row.selectsPerRead, row.peakSelectsPerSecond],
      ...[row.peakOverMean, row.staleShare, row.longestStaleMs, row.residentBytes],
    ]),
  );
}

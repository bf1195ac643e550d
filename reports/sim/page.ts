import type { SimulationResult } from '../../lab/sim/result.ts';
import { escapeXml } from '../escape.ts';
import type { Figure } from '../figure.ts';
import { number, percent } from '../format.ts';
import { bullets, type DrawnFigure, figure, prose, scrollTable } from '../html-parts.ts';
import { PAGE_STYLE } from '../page-style.ts';
import { ranking } from './figures.ts';

/** What every simulated number leaves out. */
const LIMITS = [
  'A simulation knows no CPU, no network and no memory allocator: it answers how often a cache hits, how old its answers are and what the database is asked, not how fast a page is.',
  'A trace is one stretch of one past. Differences smaller than those between two of its days say nothing of the next day.',
];

/** The page of a simulation as one HTML file: no script, no network. */
export function simulationPage(result: SimulationResult, figures: readonly DrawnFigure[]): string {
  const { source, command } = result;
  const title = `Simulation of ${source.name}`;
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
<p class="answer">${prose(answerOf(result))}</p>
${figures.map((drawn) => figure(drawn)).join('\n')}
${tables(result)
  .map(({ title: name, table }) => `<h3>${prose(name)}</h3>${scrollTable(name, table)}`)
  .join('\n')}
<h3>Before the numbers</h3>${bullets([...source.notes, ...LIMITS])}
</section></main>
<footer><h3>Run it again</h3><pre><code>${escapeXml(command)}</code></pre></footer>
</body></html>
`;
}

/** The finding in one sentence. */
export function answerOf({ sizes, ttls, curve }: SimulationResult): string {
  const ranked = ranking(sizes);
  const [best, second] = ranked.filter(
    ({ policy }) => policy !== 'belady' && policy !== 'infinite',
  );
  const bound = ranked.find(({ policy }) => policy === 'belady');
  const sentences = [
    ...(best === undefined
      ? []
      : [
          `With a cache of ${best.row.size} ${best.policy} hits ${percent(best.row.hitRatio)}` +
            (second === undefined
              ? ''
              : `, the next, ${second.policy}, ${percent(second.row.hitRatio)}`) +
            (bound === undefined ? '' : `; no policy can pass ${percent(bound.row.hitRatio)}`),
        ]),
    ...(ttls.length === 0
      ? []
      : [
          `TTLs from ${number(Math.min(...ttls.map((row) => row.ttlSeconds)))} s to ${number(Math.max(...ttls.map((row) => row.ttlSeconds)))} s ask the database for ${number(Math.max(...ttls.map((row) => row.loadsPerSecond)))} to ${number(Math.min(...ttls.map((row) => row.loadsPerSecond)))} loads a second`,
        ]),
  ];
  if (curve.length > 0) {
    const counted = curve.filter(({ method }) => method !== 'model');
    const [small, large] = [counted[0]!, counted.at(-1)!];
    sentences.push(
      `${small.policy} misses ${percent(small.missRatio)} with ${number(small.capacity, 4)} objects and ${percent(large.missRatio)} with ${number(large.capacity, 4)}`,
    );
  }
  return sentences.length === 0 ? 'Nothing was simulated.' : `${sentences.join('. ')}.`;
}

/** The rows of a simulation as tables: one for sizes, one for TTLs; those without a row are left out. */
export function tables({
  sizes,
  ttls,
  curve,
}: SimulationResult): { title: string; table: Figure['table'] }[] {
  const bySize = [...new Set(sizes.map(({ size }) => size))];
  const policies = [...new Set(sizes.map(({ policy }) => policy))];
  const hitRatios = {
    title: 'Hit ratio by policy and size, in %',
    table: {
      columns: ['policy', ...bySize],
      rows: policies.map((policy) => [
        policy,
        ...bySize.map((size) => {
          const row = sizes.find((one) => one.policy === policy && one.size === size);
          return row === undefined ? null : 100 * row.hitRatio;
        }),
      ]),
    },
  };
  const byTtl = {
    title: 'What a TTL costs and gives',
    table: {
      columns: [
        'policy',
        'cache',
        'TTL, s',
        'hit ratio, %',
        'stale reads, %',
        'loads/s',
        'loads in the fullest second',
        'copies held',
      ],
      rows: ttls.map((row) => [
        row.policy,
        row.cache === null ? 'endless' : `${row.cache.policy} ${row.cache.size}`,
        row.ttlSeconds,
        100 * row.hitRatio,
        row.staleShare === null ? null : 100 * row.staleShare,
        row.loadsPerSecond,
        row.peakLoadsPerSecond,
        row.meanResidents,
      ]),
    },
  };
  const bySizeOnCurve = {
    title: 'Miss ratio by size, in %',
    table: {
      columns: ['policy', 'method', 'objects', 'miss ratio, %', 'from', 'to'],
      rows: curve.map(({ policy, method, capacity, missRatio, low, high }) => [
        ...[policy, method, capacity, 100 * missRatio],
        ...[low, high].map((end) => (end === null ? null : 100 * end)),
      ]),
    },
  };
  return [
    ...(sizes.length > 0 ? [hitRatios] : []),
    ...(ttls.length > 0 ? [byTtl] : []),
    ...(curve.length > 0 ? [bySizeOnCurve] : []),
  ];
}

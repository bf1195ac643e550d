import type { QueryLogEntry } from './catalog/types.ts';
import { html, joined } from './html.ts';
import type { Html } from './html.ts';

/** How the page came about, for its query panel. */
export interface PanelFacts {
  /** `hit`, `miss`, `stale` … as in `Cache-Status`. */
  outcome: string;
  /** Age of the cached bytes in ms; null when they were just built. */
  ageMs: number | null;
  /** From the request's arrival to the page's bytes being at hand, in ms. */
  totalMs: number;
  /** The queries that this very page ran, in order; none on a hit. */
  queries: readonly QueryLogEntry[];
  /** Name of the policy in force. */
  policy: string;
}

/** Tables with a colour of their own in the style sheet. */
const COLOURED = new Set([
  'stores',
  'themes',
  'categories',
  'products',
  'option_groups',
  'promotions',
]);

/** Outcomes that cost this visitor no wait for the database. */
const FROM_CACHE = new Set(['hit', 'stale', 'early', 'negative']);

/** Room for so many ticks at least, so that one query is a tick and not a wall. */
const MIN_SLOTS = 114;

/**
 * What this very page cost, like a framework's debug toolbar: count, time and outcome at a glance,
 * a tick per query, and behind a click the queries grouped by shape.
 */
export function renderQueryPanel(panel: PanelFacts, menuVersion: number): Html {
  const { queries, outcome, ageMs, totalMs, policy } = panel;
  const count = queries.length;
  const tone = FROM_CACHE.has(outcome) ? 'good' : 'poor';
  const age = ageMs === null ? '' : html`<span class="quiet">${formatMs(ageMs)} old</span>`;
  return html`<details id="queries">
<summary>
<div class="inner">
<div class="figures">
<span><b>${count}</b> ${count === 1 ? 'query' : 'queries'}</span>
<span><b>${formatMs(totalMs)}</b></span>
<span class="outcome ${tone}">${outcome}</span>
${age}
<span class="quiet">policy ${policy}</span>
<span class="quiet">menu version ${menuVersion}</span>
<span class="more"></span>
</div>
${renderTicks(queries)}
</div>
</summary>
${count === 0 ? html`<div class="shapes"><p>The cache answered: this page asked the database nothing.</p></div>` : renderShapes(queries)}
</details>`;
}

function renderTicks(queries: readonly QueryLogEntry[]): Html {
  const slots = Math.max(MIN_SLOTS, queries.length);
  const longest = Math.max(1, ...queries.map(({ micros }) => micros));
  const ticks = queries.map(({ table, rows, micros }, index) => {
    // Never lower than a quarter: the quick ones are to be seen as well.
    const height = 6 + (18 * micros) / longest;
    return html`<rect class="${colourClass(table)}" x="${index}" y="${(25 - height).toFixed(1)}" width="0.66" height="${height.toFixed(1)}"><title>${index + 1}: ${table}, ${rows} rows, ${formatMs(micros / 1000)}</title></rect>`;
  });
  const label = `${queries.length} ticks, one per query, as high as its time`;
  return html`<svg class="ticks" viewBox="0 0 ${slots} 26" preserveAspectRatio="none" role="img" aria-label="${label}"><line x1="0" y1="25.5" x2="${slots}" y2="25.5"/>${joined(ticks)}</svg>`;
}

function renderShapes(queries: readonly QueryLogEntry[]): Html {
  const shapes = new Map<string, QueryLogEntry[]>();
  for (const query of queries) {
    const similar = shapes.get(query.shape);
    if (similar === undefined) shapes.set(query.shape, [query]);
    else similar.push(query);
  }
  const rows = [...shapes.values()]
    .map((similar) => ({ similar, micros: sum(similar.map((query) => query.micros)) }))
    .sort((a, b) => b.micros - a.micros)
    .map(({ similar, micros }) => renderShape(similar, micros));
  return html`<ul class="shapes">${joined(rows)}</ul>`;
}

function renderShape(similar: readonly QueryLogEntry[], micros: number): Html {
  const [first] = similar;
  if (first === undefined) return html``;
  const found = sum(similar.map(({ rows }) => rows));
  const count = similar.length === 1 ? '1 query' : `${similar.length} similar`;
  return html`<li>
<svg viewBox="0 0 1 1" aria-hidden="true"><rect class="${colourClass(first.table)}" width="1" height="1"/></svg>
<span><strong>${count}</strong> <span class="quiet">${first.table}, ${found} ${found === 1 ? 'row' : 'rows'}</span></span>
<span class="time">${formatMs(micros / 1000)}</span>
<code>${first.shape}</code>
</li>`;
}

const colourClass = (table: string): string => (COLOURED.has(table) ? table : 'other');

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Three digits at most, in the unit that fits: 0.42 ms, 987 ms, 1.14 s, 12 min. */
function formatMs(milliseconds: number): string {
  if (milliseconds >= 600_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (milliseconds >= 10_000) return `${Math.round(milliseconds / 1_000)} s`;
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(2)} s`;
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
}

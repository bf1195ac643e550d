import type { View } from '../contract.ts';
import { ask } from './api.ts';
import { byId, el, put, svg } from './dom.ts';
import { formatClock, formatDuration } from './format.ts';
import { showRefusal } from './refusal.ts';
import { word, wordOr } from './language.ts';
import { announce } from './live-region.ts';
import type { Store } from './store.ts';

/** Room for so many ticks at least, so that one query is a tick and not a wall. */
const MIN_SLOTS = 114;

/** Tables with a colour of their own in the style sheet; the others share one. */
const COLOURED = new Set([
  'stores',
  'themes',
  'categories',
  'products',
  'option_groups',
  'promotions',
]);

/** The restaurant's page and what this reader's own view of it cost. */
export class QueryStrip {
  #view: View | null = null;
  #busy = false;

  constructor(store: Store) {
    byId('view', HTMLButtonElement).addEventListener('click', () => void this.view());
    store.on('language', () => this.#show());
  }

  /** Asks for the page as a visitor does, shows what it cost, and lets the frame load it again. */
  async view(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const button = byId('view', HTMLButtonElement);
    const refusal = byId('view-refusal', HTMLElement);
    button.setAttribute('aria-busy', 'true');
    const answer = await ask<View>('POST', '/api/view');
    button.removeAttribute('aria-busy');
    this.#busy = false;
    showRefusal(refusal, answer);
    if (!answer.ok) return;
    this.#view = answer.value;
    this.#show();
    announce(this.#sentence(answer.value));
    // The frame reads the page once more, so that it shows what the cache holds now. #c1: the category with the story's dish.
    // `replace`: a view is no step of the browser's history.
    byId('storefront', HTMLIFrameElement).contentWindow?.location.replace(
      `/storefront?at=${answer.value.atMs}#c1`,
    );
  }

  #show(): void {
    const view = this.#view;
    if (view === null) return;
    const { queries, outcome, totalMs, ageMs, price, status, atMs } = view;
    put(byId('query-count', HTMLElement), String(queries.length));
    put(byId('view-time', HTMLElement), formatDuration(totalMs));
    const sign = byId('view-outcome', HTMLElement);
    const failed = status >= 400;
    put(
      sign,
      failed ? word('viewFailed', { status }) : wordOr(`outcome ${outcome}`, outcome ?? '–'),
    );
    sign.className = failed ? 'bad' : queries.length === 0 ? 'good' : 'poor';
    put(
      byId('view-age', HTMLElement),
      ageMs === null ? word('justBuilt') : word('oldBy', { age: formatDuration(ageMs) }),
    );
    put(byId('view-price', HTMLElement), price === null ? '–' : `¥${price}`);
    put(byId('view-clock', HTMLElement), formatClock(atMs));
    this.#drawTicks(view);
  }

  #drawTicks({ queries }: View): void {
    const byTable = new Map<string, View['queries']>();
    for (const query of queries) {
      const same = byTable.get(query.table);
      if (same === undefined) byTable.set(query.table, [query]);
      else same.push(query);
    }
    const slots = Math.max(MIN_SLOTS, queries.length) + byTable.size;
    const longest = Math.max(1, ...queries.map(({ micros }) => micros));
    const drawing = svg('svg', {
      viewBox: `0 0 ${slots} 26`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    });
    let x = 0;
    for (const [table, same] of byTable) {
      for (const { micros } of same) {
        // Never lower than a quarter: the quick ones are to be seen as well.
        const height = 6 + (19 * micros) / longest;
        drawing.append(svg('rect', { class: look(table), x, y: 26 - height, width: 0.7, height }));
        x += 1;
      }
      x += 1; // a gap between tables, for whoever cannot tell the colours apart
    }
    byId('ticks', HTMLElement).replaceChildren(drawing);
    byId('tables', HTMLElement).replaceChildren(
      ...(byTable.size === 0 && this.#view?.price !== null
        ? [el('li', {}, word('noQueries'))]
        : []),
      ...[...byTable].map(([table, same]) =>
        el('li', {}, el('i', { class: look(table) }), `${table} ${same.length}`),
      ),
    );
  }

  #sentence({ queries, totalMs, price }: View): string {
    return word('viewSentence', {
      count: queries.length,
      time: formatDuration(totalMs),
      price: price ?? '–',
    });
  }
}

function look(table: string): string {
  return `table ${COLOURED.has(table) ? table : 'other'}`;
}

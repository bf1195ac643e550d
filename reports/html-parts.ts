import { escapeXml, keepUnits } from './escape.ts';
import type { Figure } from './figure.ts';
import { NO_VALUE, number, plural } from './format.ts';

/** A figure with its two drawings; null where the chart could not be drawn, with the reason. */
export interface DrawnFigure {
  figure: Figure;
  /** SVG with CSS variables, for a wide and for a narrow screen. */
  svg: { wide: string; narrow: string } | null;
  problem: string | null;
}

/** Text of a report, escaped, with its units kept together. */
export function prose(text: string): string {
  return escapeXml(keepUnits(text));
}

/** A list; nothing for no items. */
export function bullets(items: readonly string[]): string {
  return items.length === 0
    ? ''
    : `<ul>${items.map((item) => `<li>${prose(item)}</li>`).join('')}</ul>`;
}

const GOOD_WORDS = new Set(['faster', 'confirmed', 'agrees']);
const BAD_WORDS = new Set(['slower', 'refuted', 'differs']);

/** A verdict word in a frame. */
export function badge(word: string): string {
  const kind = GOOD_WORDS.has(word) ? ' good' : BAD_WORDS.has(word) ? ' bad' : '';
  return `<span class="badge${kind}">${prose(word)}</span>`;
}

/**
 * A table whose rows become cards on a phone. Roles are written out: CSS that lays rows out as cards takes them away.
 * @param rows - First cell and others as HTML.
 */
export function cardTable(
  label: string,
  columns: readonly string[],
  rows: readonly { head: string; cells: readonly string[] }[],
): string {
  const head = columns.map((column) => `<th scope="col" role="columnheader">${prose(column)}`);
  const body = rows.map(({ head: first, cells }) => {
    const rest = cells.map(
      (cell, at) => `<td role="cell" data-label="${escapeXml(columns[at + 1] ?? '')}">${cell}`,
    );
    return `<tr role="row"><th scope="row" role="rowheader">${first}${rest.join('')}`;
  });
  return `<table class="cards" role="table" aria-label="${escapeXml(label)}"><thead role="rowgroup"><tr role="row">${head.join('')}<tbody role="rowgroup">${body.join('')}</table>`;
}

/** @param picture - False leaves the drawing to the files beside the report; its sentence and its table stay. */
export function figure(
  { figure: { id, title, subtitle, description, table }, svg, problem }: DrawnFigure,
  picture = true,
): string {
  const drawing =
    !picture && svg !== null
      ? `<p class="soft">Drawn in charts/${id}.svg.</p>`
      : svg === null
        ? `<p class="alert">This chart could not be drawn (${prose(problem ?? 'unknown reason')}). Its numbers are in the table.</p>`
        : `<figure role="img" aria-labelledby="${id}-title ${id}-text">${inlined(svg.wide, 'wide')}${inlined(svg.narrow, 'narrow')}</figure>`;
  return `<article class="chart" id="${id}"><h4 id="${id}-title">${prose(title)}</h4><p class="method">${prose(subtitle)}</p>${drawing}<p id="${id}-text">${prose(description)}</p>${numbers(title, table)}</article>`;
}

/** A drawing of `renderSvg` as part of a page, seen on the screens that it is for. */
export function inlined(svg: string, variant: 'wide' | 'narrow'): string {
  return svg.replace(/^<svg[^>]*?class="marks"/, (start) =>
    start
      .replace(/ (?:xmlns(?::xlink)?|version|font-family)="[^"]*"/g, '')
      .replace('class="marks"', `class="${variant}" aria-hidden="true" focusable="false"`),
  );
}

/** A table on request. */
export function numbers(title: string, table: Figure['table'], summary = 'The numbers'): string {
  return `<details><summary>${summary} (${plural(table.rows.length, 'row')})</summary>${scrollTable(`Numbers: ${title}`, table)}</details>`;
}

/**
 * A table of any width: it scrolls inside itself, by keyboard too. Closing tags that HTML lets out are left out, and
 * columns of numbers are named once: half of a report's bytes are its tables.
 */
export function scrollTable(label: string, table: Figure['table']): string {
  const numeric = table.columns.flatMap((_, at) =>
    table.rows.every((row) => typeof row[at] === 'number' || row[at] === null)
      ? [`n${at + 1}`]
      : [],
  );
  const head = table.columns.map((column) => `<th scope="col">${prose(column)}`);
  const rows = table.rows.map((row) => `<tr>${row.map(tableCell).join('')}`);
  const look = numeric.length === 0 ? '' : ` class="${numeric.join(' ')}"`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(label)}"><table${look}><thead><tr>${head.join('')}<tbody>${rows.join('')}</table></div>`;
}

function tableCell(value: string | number | null): string {
  const text = value === null ? NO_VALUE : typeof value === 'number' ? number(value, 4) : value;
  return `<td>${prose(text)}`;
}

import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { parse, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { FONT, PLOT_WIDTHS, plotKind, THEME } from './theme.ts';
import { resolveColours } from './palette.ts';
import { escapeXml, keepUnits } from './escape.ts';
import { lighter } from './svg-weight.ts';

// Without a canvas Vega takes every letter for 0.8 em wide and leaves gaps to suit. The shipped face
// has 0.60 em on average in our labels; a little more is kept for labels with many capitals.
const LETTER_EM = 0.64;
textMetrics.width = (item, text) => {
  const content = String(text ?? item.text ?? '');
  return Math.round(content.length * LETTER_EM * (item.fontSize ?? 11));
};

/**
 * A chart as SVG whose colours are CSS variables. Deterministic: the same spec gives the same bytes.
 * @param options - `idPrefix` keeps ids apart when many charts share one page.
 */
export async function renderSvg(
  spec: TopLevelSpec,
  options: { idPrefix: string; screen: 'wide' | 'narrow' },
): Promise<string> {
  const widths = PLOT_WIDTHS[plotKind(spec)];
  const sized = structuredClone(spec);
  setWidths(sized, widths.wide, widths[options.screen]);
  const view = new View(parse(compile(sized, { config: THEME, logger: strictLogger }).spec), {
    renderer: 'none',
  });
  await view.runAsync();
  const svg = await view.toSVG();
  view.finalize();
  return tidy(svg, options.idPrefix);
}

/** Makes every view that is `from` px wide `to` px wide, in place. */
function setWidths(node: unknown, from: number, to: number): void {
  if (typeof node !== 'object' || node === null) return;
  if ('width' in node && node.width === from) node.width = to;
  for (const [key, child] of Object.entries(node)) {
    if (key !== 'data') setWidths(child, from, to);
  }
}

/** A chart about which vega-lite has doubts is a chart with a defect: a warning is an error here. */
const strictLogger = {
  level: () => strictLogger,
  error: (...args: readonly unknown[]): never => {
    throw new Error(`vega-lite: ${args.join(' ')}`);
  },
  warn: (...args: readonly unknown[]): never => {
    throw new Error(`vega-lite: ${args.join(' ')}`);
  },
  info: () => strictLogger,
  debug: () => strictLogger,
};

/** Said once for the whole drawing. */
const FACE = `font-family="${FONT}" font-size="12px"`;

/** Stable ids, coordinates to a tenth of a px, and nothing that is not seen. */
function tidy(svg: string, idPrefix: string): string {
  // Vega numbers clip paths for as long as the process lives, so its ids depend on what was drawn
  // before. Here they are numbered by their place in this chart.
  const ids = new Map<string, string>();
  for (const [, id] of svg.matchAll(/ id="([^"]+)"/g)) {
    if (id !== undefined && !ids.has(id)) ids.set(id, `${idPrefix}-${ids.size + 1}`);
  }
  const clean = svg
    .replaceAll(/<path class="(?:background|foreground)"(?![^>]* (?:fill|stroke)=)[^>]*\/>/g, '')
    .replaceAll(/<path class="foreground" d=""[^>]*\/>/g, '')
    .replaceAll(/ (?:aria-[a-z]+|role|pointer-events)="[^"]*"/g, '')
    .replaceAll(/ class="(?!marks")[^"]*"/g, '')
    .replaceAll(/ opacity="1"/g, '')
    .replaceAll(/ (?:font-family|font-size)="(?:[^"]*Arial[^"]*|12px)"/g, '')
    .replace('<svg ', `<svg ${FACE} `)
    .replaceAll(/ id="([^"]+)"/g, (_, id: string) => ` id="${ids.get(id)}"`)
    .replaceAll(/url\(#([^)]+)\)/g, (_, id: string) => `url(#${ids.get(id)})`)
    .replaceAll(/ (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"/g, (attribute) =>
      attribute.replaceAll(/-?\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1)))),
    );
  return lighter(clean, idPrefix);
}

/** A chart as a file of its own: colours resolved, title, method and description inside. */
export function standaloneSvg(
  svg: string,
  text: { title: string; subtitle: string; description: string },
): string {
  const { width: chartWidth, height: chartHeight } = sizeOf(svg);
  const width = Math.max(chartWidth, 480);
  const title = wrap(text.title, (width - 24) / 9.6);
  const subtitle = wrap(text.subtitle, (width - 24) / 7.4);
  const top = 14 + title.length * 20 + subtitle.length * 16 + 10;
  const height = top + chartHeight + 8;
  const lines = [
    ...title.map((line, index) =>
      textLine(line, 28 + index * 20, 'font-size="15" font-weight="bold"', 'var(--ink)'),
    ),
    ...subtitle.map((line, index) =>
      textLine(line, 28 + title.length * 20 + index * 16 - 2, 'font-size="12"', 'var(--soft)'),
    ),
  ];
  const inner = svg
    .replace(` font-family="${FONT}"`, '')
    .replace('<svg ', `<svg x="0" y="${top}" `);
  return resolveColours(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" role="img">` +
      `<title>${escapeXml(text.title)}</title><desc>${escapeXml(text.description)}</desc>` +
      `<rect width="${width}" height="${height}" fill="var(--paper)"/>${lines.join('')}${inner}</svg>\n`,
  );
}

function textLine(line: string, y: number, attributes: string, fill: string): string {
  return `<text x="12" y="${y}" ${attributes} fill="${fill}">${escapeXml(line)}</text>`;
}

/** Width and height of an SVG made by `renderSvg`, in px. */
function sizeOf(svg: string): { width: number; height: number } {
  const width = /^<svg[^>]*? width="([\d.]+)"/.exec(svg)?.[1];
  const height = /^<svg[^>]*? height="([\d.]+)"/.exec(svg)?.[1];
  return { width: Math.ceil(Number(width ?? 600)), height: Math.ceil(Number(height ?? 300)) };
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of keepUnits(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(new URL(`./fonts/${name}`, import.meta.url)),
);

/**
 * A standalone SVG as PNG at twice its size. Only the shipped fonts are used: without a font resvg
 * draws no text and reports nothing, and with the system's the bytes differ from machine to machine.
 */
export function renderPng(svg: string): Uint8Array {
  return new Resvg(svg, {
    fitTo: { mode: 'zoom', value: 2 },
    font: { loadSystemFonts: false, fontFiles: FONT_FILES, defaultFontFamily: 'DejaVu Sans' },
  })
    .render()
    .asPng();
}

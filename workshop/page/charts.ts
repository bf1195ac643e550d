import type { Sample } from '../contract.ts';
import { ChartCanvas, lastValue } from './chart.ts';
import { CHARTS, type ChartDesign } from './chart-designs.ts';
import { byId, el, put } from './dom.ts';
import { word } from './language.ts';
import { readPalette } from './palette.ts';
import type { Store } from './store.ts';
import { type Frame, TimeWindow } from './time-window.ts';

/** A chart's sentence for screen readers is written anew at most this often. */
const SENTENCE_MS = 5000;
/** Seconds of the table behind each chart. */
const TABLE_SECONDS = 10;

interface Figure {
  design: ChartDesign;
  canvas: ChartCanvas;
  now: HTMLElement;
  sentence: HTMLElement;
  table: HTMLTableElement;
  details: HTMLDetailsElement;
}

/**
 * The four charts and their controls. Every sample is kept, at most one picture is drawn per animation frame, and
 * none while the page is hidden: browsers hand out no animation frames then.
 */
export class Charts {
  readonly #window: TimeWindow;
  readonly #figures: Figure[];
  readonly #store: Store;
  #asked = false;
  #sentenceMs = Number.NEGATIVE_INFINITY;
  #tableMs = Number.NEGATIVE_INFINITY;

  constructor(store: Store) {
    this.#store = store;
    this.#window = new TimeWindow(store);
    const palette = readPalette();
    this.#figures = CHARTS.map((design) => makeFigure(design, palette));
    byId('charts', HTMLElement).append(
      ...this.#figures.map(({ details }) => details.closest('figure') ?? details),
    );
    store.on('sample', () => this.#ask());
    store.on('mark', () => this.#ask());
    store.on('language', () => this.#rebuild());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
    const sizes = new ResizeObserver(() => this.#rebuild());
    for (const place of document.querySelectorAll('.plot')) sizes.observe(place);
    for (const { details } of this.#figures)
      details.addEventListener('toggle', () => {
        this.#tableMs = Number.NEGATIVE_INFINITY;
        this.#ask();
      });
    byId('pause', HTMLButtonElement).addEventListener('click', () => this.togglePause());
    byId('pin', HTMLButtonElement).addEventListener('click', () => this.togglePin());
    const scrub = byId('scrub', HTMLInputElement);
    scrub.addEventListener('input', () => {
      this.#window.scrub(-1000 * scrub.valueAsNumber);
      this.#ask();
    });
  }

  togglePause(): void {
    if (this.#window.paused) this.#window.resume();
    else this.#window.pause();
    this.#ask();
  }

  togglePin(): void {
    this.#window.togglePin();
    this.#ask();
  }

  #rebuild(): void {
    const palette = readPalette();
    for (const { canvas } of this.#figures) canvas.rebuild(palette);
    this.#sentenceMs = Number.NEGATIVE_INFINITY;
    this.#tableMs = Number.NEGATIVE_INFINITY;
    this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const frame = this.#window.frame();
    const nowMs = performance.now();
    const tell = nowMs - this.#sentenceMs >= SENTENCE_MS;
    const tabulate = nowMs - this.#tableMs >= 1000;
    for (const figure of this.#figures) {
      figure.canvas.draw(frame);
      writeNow(figure, frame.samples);
      if (tell) put(figure.sentence, sentenceOf(figure.design, frame.samples));
      if (tabulate && figure.details.open) writeTable(figure, frame);
    }
    if (tell) this.#sentenceMs = nowMs;
    if (tabulate) this.#tableMs = nowMs;
    this.#drawControls();
  }

  #drawControls(): void {
    const { paused, pinned, backMs, mostBackMs } = this.#window;
    const pause = byId('pause', HTMLButtonElement);
    put(byId('pause-word', HTMLElement), word(paused ? 'resume' : 'pause'));
    pause.setAttribute('aria-pressed', String(paused));
    const pin = byId('pin', HTMLButtonElement);
    put(byId('pin-word', HTMLElement), word(pinned ? 'unpin' : 'pin'));
    pin.setAttribute('aria-pressed', String(pinned));
    const scrub = byId('scrub', HTMLInputElement);
    scrub.disabled = mostBackMs < 1000;
    scrub.min = String(-Math.floor(mostBackMs / 1000));
    scrub.value = String(-Math.round(backMs / 1000));
    const seconds = Math.round(backMs / 1000);
    scrub.setAttribute('aria-valuetext', word('scrubbedBack', { seconds }));
    put(
      byId('shown-time', HTMLElement),
      paused
        ? word('pausedAt', { seconds })
        : word(this.#store.samples.length > 0 ? 'live' : 'noSamples'),
    );
  }
}

function makeFigure(design: ChartDesign, palette: ReturnType<typeof readPalette>): Figure {
  const id = `chart-${design.id}`;
  const now = el('span', { class: 'now' });
  const sentence = el('p', { class: 'visually-hidden', id: `${id}-says` });
  const plot = el('div', {
    class: 'plot',
    role: 'img',
    'aria-labelledby': `${id}-title`,
    'aria-describedby': `${id}-says`,
  });
  const table = el('table');
  const details = el(
    'details',
    { class: 'figures' },
    el('summary', { 'data-word': 'asTable', 'aria-describedby': `${id}-title` }),
    table,
  );
  el(
    'figure',
    { id, class: 'chart' },
    el('figcaption', {}, el('h3', { id: `${id}-title`, 'data-word': design.title }), now, details),
    plot,
    sentence,
  );
  return { design, canvas: new ChartCanvas(design, plot, palette), now, sentence, table, details };
}

/** The newest figures, large: they are what the back of the room reads, and the chart's legend. */
function writeNow({ design, now }: Figure, samples: readonly Sample[]): void {
  const { lines, beside } = design;
  const newest = samples.at(-1);
  const parts = lines.map((line) => {
    const value = lastValue(line, samples);
    return {
      name: word(line.name),
      text: value === null ? '–' : design.write(value),
      look: `${line.hue} ${line.marker}`,
    };
  });
  if (beside !== null && newest !== undefined)
    parts.push({ name: word(beside.name), text: beside.of(newest), look: '' });
  if (now.childElementCount !== parts.length)
    now.replaceChildren(...parts.map(() => el('span', {}, el('i'), el('b'), el('small'))));
  for (const [index, { name, text, look }] of parts.entries()) {
    const [sign, figure, label] = now.children[index]?.children ?? [];
    if (sign === undefined || figure === undefined || label === undefined) continue;
    if (sign.className !== look) sign.className = look;
    put(figure, text);
    put(label, ` ${name} `);
  }
}

function sentenceOf({ lines, write, beside }: ChartDesign, samples: readonly Sample[]): string {
  const newest = samples.at(-1);
  if (newest === undefined) return word('noSamples');
  const figures = lines.map((line) => {
    const value = lastValue(line, samples);
    return `${word(line.name)} ${value === null ? word('noValue') : write(value)}`;
  });
  if (beside !== null) figures.push(`${word(beside.name)} ${beside.of(newest)}`);
  return word('chartNow', { figures: figures.join(', ') });
}

/** One row per second, newest first: the last sample of that second. */
function writeTable({ design, table }: Figure, { samples, endMs }: Frame): void {
  const { lines, write, beside } = design;
  const heads = [word('secondsAgo'), ...lines.map(({ name }) => word(name))];
  if (beside !== null) heads.push(word(beside.name));
  const rows = Array.from({ length: TABLE_SECONDS }, (_none, second) => {
    const sample = samples.findLast(({ atMs }) => atMs <= endMs - 1000 * second);
    const cells = lines.map((line) => {
      const value = sample === undefined ? null : line.of(sample);
      return value === null ? '–' : write(value);
    });
    if (beside !== null) cells.push(sample === undefined ? '–' : beside.of(sample));
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, String(second)),
      ...cells.map((cell) => el('td', {}, cell)),
    );
  });
  table.replaceChildren(
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows),
  );
}

import uPlot from 'uplot';
import type { Sample } from '../contract.ts';
import { type Bounds, linearBounds, linearTicks, logBounds, logTicks } from './axis.ts';
import type { ChartDesign, Line, Marker } from './chart-designs.ts';
import { word } from './language.ts';
import type { Palette } from './palette.ts';
import { type Frame, WINDOW_MS } from './time-window.ts';

/** A silence longer than this is drawn as a gap, not bridged by a line. */
const GAP_MS = 3000;

/** uPlot's numbers for the kinds of an axis. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot declares a const enum and exports none
const DISTRIBUTIONS: Record<ChartDesign['scale'], uPlot.Scale.Distr> = { linear: 1, log: 3 };

/** One chart on its canvas: lines, ghost, marks and the names at the lines' ends. */
export class ChartCanvas {
  readonly #design: ChartDesign;
  readonly #place: HTMLElement;
  #palette: Palette;
  #plot: uPlot | null = null;
  #frame: Frame | null = null;
  #bounds: Bounds;
  #fontPx = 12;
  #family = 'sans-serif';

  constructor(design: ChartDesign, place: HTMLElement, palette: Palette) {
    this.#design = design;
    this.#place = place;
    this.#palette = palette;
    this.#bounds = design.usual;
  }

  /** Draws anew from nothing: after a change of size, of scheme or of language. */
  rebuild(palette: Palette): void {
    this.#palette = palette;
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#frame !== null) this.draw(this.#frame);
  }

  draw(frame: Frame): void {
    this.#frame = frame;
    this.#bounds = boundsOf(this.#design, frame);
    const data = columns(this.#design.lines, frame.samples);
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (width < 40 || height < 40) return;
    if (this.#plot === null) {
      const style = getComputedStyle(this.#place);
      this.#fontPx = Number.parseFloat(style.fontSize);
      this.#family = style.fontFamily;
      this.#plot = new uPlot(this.#options(width, height), data, this.#place);
    } else {
      this.#plot.setData(data);
    }
  }

  #options(width: number, height: number): uPlot.Options {
    const { scale, lines } = this.#design;
    const em = this.#fontPx;
    const font = `${em}px ${this.#family}`;
    const axis: uPlot.Axis = {
      font,
      stroke: () => this.#palette.soft,
      grid: { stroke: () => this.#palette.grid, width: 1 },
      ticks: { show: false },
      gap: 4,
    };
    const most = Math.max(2, Math.floor((height - 3 * em) / (1.7 * em)));
    return {
      width,
      height,
      // Above the lane of the marks' numbers, on the right the lines' names.
      padding: [1.5 * em, this.#namesWidth() + 1.2 * em, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [this.#frame?.startMs ?? 0, this.#frame?.endMs ?? 1] },
        y: { distr: DISTRIBUTIONS[scale], range: () => [...this.#bounds] },
      },
      axes: [
        {
          ...axis,
          size: 1.6 * em,
          splits: (_plot, _axis, _low, high) =>
            [-60, -45, -30, -15, 0].map((seconds) => high + seconds * 1000),
          values: (_plot, splits) =>
            splits.map((split) => `${Math.round((split - (splits.at(-1) ?? 0)) / 1000)} s`),
        },
        {
          ...axis,
          size: 3.9 * em,
          splits: () =>
            scale === 'log' ? logTicks(this.#bounds, most) : linearTicks(this.#bounds, most),
          // uPlot's own filter for logarithmic axes would leave out labels that ours has chosen.
          filter: (_plot, splits) => splits,
          values: (_plot, splits) => splits.map((split) => this.#design.tick(split)),
        },
      ],
      series: [
        {},
        ...lines.map(
          ({ hue, dash }): uPlot.Series => ({
            stroke: () => this.#palette[hue],
            width: 2,
            dash,
            points: { show: false },
            // With few visitors many a quarter of a second has no page: that is no gap yet.
            gaps: (plot, _series, _from, _to, gaps) =>
              gaps.filter(([from, to]) => to - from > (plot.bbox.width * GAP_MS) / WINDOW_MS),
          }),
        ),
      ],
      hooks: {
        drawAxes: [(plot) => this.#drawGhost(plot)],
        draw: [(plot) => this.#drawMarks(plot), (plot) => this.#drawNames(plot)],
      },
    };
  }

  /** px of the widest name at a line's end. */
  #namesWidth(): number {
    const ctx = document.createElement('canvas').getContext('2d');
    if (ctx === null) return 4 * this.#fontPx;
    ctx.font = `${this.#fontPx}px ${this.#family}`;
    return Math.max(...this.#design.lines.map(({ name }) => ctx.measureText(word(name)).width));
  }

  #drawGhost(plot: uPlot): void {
    const frame = this.#frame;
    if (frame === null || frame.ghost === null) return;
    const { samples, startMs } = frame.ghost;
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = this.#palette.grey;
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    for (const line of this.#design.lines) {
      ctx.beginPath();
      let down = false;
      for (const sample of samples) {
        const value = line.of(sample);
        if (value === null) {
          down = false;
          continue;
        }
        const x = plot.valToPos(frame.startMs + sample.atMs - startMs, 'x', true);
        const y = plot.valToPos(value, 'y', true);
        if (down) ctx.lineTo(x, y);
        else ctx.moveTo(x, y);
        down = true;
      }
      ctx.stroke();
    }
    ctx.restore();
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const em = this.#fontPx * ratio;
    ctx.save();
    ctx.setLineDash([]);
    ctx.strokeStyle = this.#palette.soft;
    ctx.fillStyle = this.#palette.ink;
    ctx.lineWidth = ratio;
    ctx.font = `bold ${0.9 * em}px ${this.#family}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'bottom';
    let freeFrom = Number.NEGATIVE_INFINITY;
    for (const { id, atMs } of this.#frame?.marks ?? []) {
      const x = Math.min(plot.valToPos(atMs, 'x', true), bbox.left + bbox.width);
      if (x < bbox.left) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - 0.2 * em);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      // Where numbers would lie on each other the line alone stays: the list beside the charts has them all.
      const half = ctx.measureText(String(id)).width / 2;
      if (x - half < freeFrom) continue;
      ctx.fillText(String(id), x, bbox.top - 0.25 * em);
      freeFrom = x + half + 0.3 * em;
    }
    ctx.restore();
  }

  #drawNames(plot: uPlot): void {
    const samples = this.#frame?.samples ?? [];
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const em = this.#fontPx * ratio;
    const ends = this.#design.lines
      .flatMap((line) => {
        const value = lastValue(line, samples);
        return value === null ? [] : [{ line, y: plot.valToPos(value, 'y', true), at: 0 }];
      })
      .sort((a, b) => a.y - b.y);
    for (const [index, end] of ends.entries())
      end.at = Math.max(end.y, (ends[index - 1]?.at ?? Number.NEGATIVE_INFINITY) + 1.1 * em);
    const over = (ends.at(-1)?.at ?? 0) - (bbox.top + bbox.height);
    if (over > 0) for (const end of ends) end.at -= over;
    ctx.save();
    ctx.font = `${em}px ${this.#family}`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    const x = bbox.left + bbox.width + 0.5 * em;
    for (const { line, y, at } of ends) {
      ctx.fillStyle = this.#palette[line.hue];
      drawMarker(ctx, line.marker, x, y, 0.32 * em);
      // Names in ink: some of the colours are too pale for small letters.
      ctx.fillStyle = this.#palette.ink;
      ctx.fillText(word(line.name), x + 0.6 * em, at);
    }
    ctx.restore();
  }
}

/** Newest value of a line before it counts as a gap; null: it has ended before, or never begun. */
export function lastValue(line: Line, samples: readonly Sample[]): number | null {
  const newest = samples.at(-1)?.atMs ?? 0;
  for (let index = samples.length - 1; index >= 0; index -= 1) {
    const sample = samples[index];
    if (sample === undefined || sample.atMs < newest - GAP_MS) return null;
    const value = line.of(sample);
    if (value !== null) return value;
  }
  return null;
}

function boundsOf({ fixed, usual, scale, lines }: ChartDesign, frame: Frame): Bounds {
  if (fixed) return usual;
  const shown = [...frame.samples, ...(frame.ghost?.samples ?? [])];
  const values = lines.flatMap((line) => shown.flatMap((sample) => line.of(sample) ?? []));
  return scale === 'log' ? logBounds(values, usual) : linearBounds(values, usual[1]);
}

function columns(lines: readonly Line[], samples: readonly Sample[]): uPlot.AlignedData {
  const at: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  let beforeMs = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    if (sample.atMs - beforeMs > GAP_MS) {
      at.push(beforeMs + 1);
      for (const column of values) column.push(null);
    }
    at.push(sample.atMs);
    for (const [index, line] of lines.entries()) values[index]?.push(line.of(sample));
    beforeMs = sample.atMs;
  }
  return [at, ...values];
}

function drawMarker(
  ctx: CanvasRenderingContext2D,
  marker: Marker,
  x: number,
  y: number,
  r: number,
): void {
  ctx.beginPath();
  switch (marker) {
    case 'circle':
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case 'square':
      ctx.rect(x - r, y - r, 2 * r, 2 * r);
      break;
    case 'triangle':
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.lineTo(x - r, y + r);
      break;
    case 'diamond':
      ctx.moveTo(x, y - 1.2 * r);
      ctx.lineTo(x + 1.2 * r, y);
      ctx.lineTo(x, y + 1.2 * r);
      ctx.lineTo(x - 1.2 * r, y);
      break;
  }
  ctx.fill();
}

import { Resvg } from '@resvg/resvg-js';
import { describe, expect, test } from 'vitest';
import type { Figure } from './figure.ts';
import { fixtureRun } from './fixtures/run.ts';
import { renderPng, renderSvg, standaloneSvg } from './render.ts';
import { scenarioCharts } from './scenario-charts.ts';

const { run } = fixtureRun({ rounds: 6 });
const figures: Figure[] = (await Promise.all(run.experiments.map(scenarioCharts))).flat();
const figure = figures.find(({ id }) => id === 'latency-percentiles')!;
const render = (screen: 'wide' | 'narrow', one: Figure = figure) =>
  renderSvg(one.spec, { idPrefix: one.id, screen });

describe('SVG', () => {
  test('the same chart gives the same bytes, whatever was drawn before it', async () => {
    const first = await render('wide');
    for (const other of figures.slice(0, 4)) await render('narrow', other);
    expect(await render('wide')).toBe(first);
  });

  test('ids do not depend on what was drawn before, and differ from chart to chart', async () => {
    const spec = {
      data: { values: [{ a: 1, b: 1 }] },
      mark: { type: 'point', clip: true },
      encoding: {
        x: { field: 'a', type: 'quantitative' },
        y: { field: 'b', type: 'quantitative' },
      },
    } as const;
    const first = await renderSvg(spec, { idPrefix: 'one', screen: 'wide' });
    expect(first).toContain('clip-path="url(#one-1)"');
    expect(await renderSvg(spec, { idPrefix: 'one', screen: 'wide' })).toBe(first);
    expect(await renderSvg(spec, { idPrefix: 'two', screen: 'wide' })).toContain('id="two-1"');
  });

  test('colours are variables, so that the page can change them', async () => {
    const svg = await render('wide');
    expect(svg).toContain('var(--blue)');
    expect(svg).not.toMatch(/#[0-9a-f]{6}/i);
  });

  test.each(figures)(
    '$id is at most 900 px wide on a screen and 380 px on a phone',
    async (one) => {
      const width = (svg: string) => Number(/ width="([\d.]+)"/.exec(svg)?.[1]);
      expect(width(await render('wide', one))).toBeLessThanOrEqual(900);
      expect(width(await render('narrow', one))).toBeLessThanOrEqual(380);
    },
  );

  test('a spec that vega-lite warns about is an error', async () => {
    const spec = {
      data: { values: [{ a: 1 }] },
      mark: 'bar',
      encoding: { x: { field: 'a', type: 'quantitative', scale: { type: 'band' } } },
    } as const;
    await expect(renderSvg(spec, { idPrefix: 'x', screen: 'wide' })).rejects.toThrow('vega-lite');
  });
});

describe('files of their own', () => {
  test('a standalone SVG has its title, method and description, and no variable', async () => {
    const svg = standaloneSvg(await render('wide'), { ...figure, title: 'p50 < 1 & more' });
    expect(svg).toContain('<title>p50 &lt; 1 &amp; more</title>');
    expect(svg).toContain(`<desc>${figure.description}</desc>`);
    expect(svg).not.toContain('var(');
  });

  test('the PNG shows text with no font of the system', async () => {
    const svg = standaloneSvg(await render('wide'), figure);
    const png = renderPng(svg);
    const without = new Resvg(svg, {
      fitTo: { mode: 'zoom', value: 2 },
      font: { loadSystemFonts: false },
    })
      .render()
      .asPng();
    expect([...png.slice(1, 4)]).toEqual([...Buffer.from('PNG')]);
    expect(png.length).toBeGreaterThan(without.length * 1.5);
  });

  test('the PNG of the same chart has the same bytes', async () => {
    const svg = standaloneSvg(await render('wide'), figure);
    expect(Buffer.from(renderPng(svg)).equals(Buffer.from(renderPng(svg)))).toBe(true);
  });
});

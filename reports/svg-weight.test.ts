import { describe, expect, test } from 'vitest';
import { lighter } from './svg-weight.ts';

const inside = (content: string): string =>
  lighter(`<svg class="marks" width="9" height="9">${content}</svg>`, 'p')
    .replace('<svg class="marks" width="9" height="9">', '')
    .replace('</svg>', '');

describe('a lighter drawing', () => {
  test('has no group that does nothing, and adds up what moves', () => {
    const line = '<line x2="0" y2="5" stroke="a"/>';
    expect(inside(`<g><g transform="translate(0,0)">${line}</g></g>`)).toBe(
      '<path d="M0 0v5" stroke="a"/>',
    );
    expect(
      inside(
        `<g transform="translate(1.5,2)"><g transform="translate(3,-2)"><text>x</text></g></g>`,
      ),
    ).toBe('<g transform="translate(4.5,0)"><text>x</text></g>');
  });

  test('draws marks of one look as one path, and others apart and in their order', () => {
    const tick = (x: number, stroke: string): string =>
      `<line transform="translate(${x},0)" x2="0" y2="5" stroke="${stroke}" stroke-width="1"/>`;
    expect(inside(`<g>${tick(1, 'a')}${tick(12.5, 'a')}${tick(3, 'b')}${tick(4, 'a')}</g>`)).toBe(
      '<path d="M1 0v5M12.5 0v5" stroke="a"/><path d="M3 0v5" stroke="b"/><path d="M4 0v5" stroke="a"/>',
    );
  });

  test('keeps the place and the shape of symbols', () => {
    expect(
      inside('<path transform="translate(10,20)" d="M2.5,0A2.5,2.5,0,1,1,-2.5,0Z" fill="a"/>'),
    ).toBe('<path d="M12.5 20a2.5 2.5 0 1 1 -5 0z" fill="a"/>');
    expect(inside('<path transform="translate(1,1)" d="M0,0h4v3h-4Z" fill="a"/>')).toBe(
      '<path d="M1 1h4v3h-4z" fill="a"/>',
    );
  });

  test('never moves a point of a long line by more than 0.4 px', () => {
    const wave = (x: number): number => Math.round(10 * (20 + 15 * Math.sin(x / 15))) / 10;
    const d = Array.from({ length: 200 }, (_, x) => `${x === 0 ? 'M' : 'L'}${x},${wave(x)}`).join(
      '',
    );
    const path = /d="([^"]+)"/.exec(inside(`<path d="${d}" stroke="a"/>`))?.[1] ?? '';
    expect(path.length).toBeLessThan(d.length / 3);
    let [x, y] = [0, 0];
    const corners: [number, number][] = [];
    for (const [, kind = '', text = ''] of path.matchAll(/([Mlhv])([^Mlhv]*)/g)) {
      const [a = 0, b = 0] = (text.match(/-?\d*\.?\d+/g) ?? []).map(Number);
      if (kind === 'M') [x, y] = [a, b];
      else [x, y] = [x + (kind === 'v' ? 0 : a), y + (kind === 'v' ? a : kind === 'l' ? b : 0)];
      corners.push([x, y]);
    }
    for (let at = 0; at < 200; at += 1) {
      const to = corners.findIndex(([cx]) => cx >= at - 1e-6);
      const [x1, y1] = corners[Math.max(0, to - 1)]!;
      const [x2, y2] = corners[to]!;
      const drawn = x2 === x1 ? y2 : y1 + ((y2 - y1) * (at - x1)) / (x2 - x1);
      // Measured upright, a distance of 0.4 px is a little more on a slope.
      expect(Math.abs(drawn - wave(at))).toBeLessThan(0.4 * Math.SQRT2);
    }
    expect(corners.at(-1)?.[0]).toBeCloseTo(199, 6);
  });

  test('says once what neighbouring texts share, and draws a repeated group once', () => {
    const text = (y: number): string =>
      `<text text-anchor="end" transform="translate(-7,${y})" fill="a">${y} apples</text>`;
    const axis = `<g>${text(1)}${text(2)}</g><path d="M0,0L5,0" stroke="a"/>`;
    const [one, two] = [0, 90].map((y) => `<g transform="translate(0.5,${y})">${axis}</g>`);
    const content =
      '<g fill="a" text-anchor="end"><text x="-7" y="1">1 apples</text><text x="-7" y="2">2 apples</text></g><path d="M0 0h5" stroke="a"/>';
    expect(inside(`${one}${two}`)).toBe(
      `<g transform="translate(0.5,0)"><g id="p-u1">${content}</g></g><use href="#p-u1" transform="translate(0.5,90)"/>`,
    );
  });

  test('leaves alone what it does not understand', () => {
    const curve = '<path d="M0,0Q1,1,2,2" stroke="a"/>';
    expect(inside(curve)).toBe(curve);
    expect(lighter('<svg><broken</svg>', 'p')).toBe('<svg><broken</svg>');
    const turned = '<text transform="translate(1,2) rotate(-90)" fill="a">x</text>';
    expect(inside(turned)).toBe(turned);
  });
});

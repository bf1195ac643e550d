import type { Hue } from './chart-designs.ts';

/** Colours of the charts' canvases, as the style sheet has them in the present scheme. */
export type Palette = Readonly<Record<Hue | 'ink' | 'soft' | 'grid' | 'grey' | 'paper', string>>;

const NAMES = [
  'ink',
  'soft',
  'grid',
  'grey',
  'paper',
  'blue',
  'vermilion',
  'green',
  'orange',
  'purple',
  'sky',
] as const;

/** A canvas knows no CSS variables: they are read once, and again when the scheme changes. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Palette;
}

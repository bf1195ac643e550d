export type { View } from 'vega';

declare module 'vega' {
  /** Exported by Vega, missing from its types: how wide it takes a text to be, in px. */
  const textMetrics: {
    width(item: { text?: string | number; fontSize?: number }, text?: string | number): number;
  };
}

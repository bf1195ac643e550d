import { guarded, loadOptions, updatePrice, viewPage } from './load.ts';

/** The load of every experiment that views one page: warm-up, measured phase, price updates. */
export const options = loadOptions();

export function pageView(): void {
  guarded(viewPage);
}

export function priceUpdate(): void {
  guarded(updatePrice);
}

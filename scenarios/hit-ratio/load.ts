// Views pages of many stores, or of one; which one follows from the seed and the place in the schedule.
import { randomSeed } from 'k6';
import exec from 'k6/execution';
import { guarded, loadOptions, settings, updatePrice, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore, type StoreChoice } from '../lib/stores.ts';

const choice = settings.extra?.['choice'] as StoreChoice | undefined;

export const options = loadOptions();

export function pageView(): void {
  guarded(() => {
    const draw = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const path =
      choice === undefined ? settings.path : `/stores/${pickStore(choice, draw)}/catalog`;
    // The pause that makes arrivals Poisson comes from k6's own generator: it is to follow the schedule as well.
    randomSeed(Math.floor(draw() * 2 ** 31));
    viewPage(path);
  });
}

export function priceUpdate(): void {
  guarded(updatePrice);
}

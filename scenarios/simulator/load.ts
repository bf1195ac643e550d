// Views the page under test, or pages of many stores; which one follows from the seed and the place in the schedule.
import { randomSeed } from 'k6';
import exec from 'k6/execution';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore, type StoreChoice } from '../lib/stores.ts';

export const options = loadOptions();

/** By Zipf’s law where hit ratios are the question, all alike in an avalanche; null: one page. */
const choice = storesAskedFor();

function storesAskedFor(): StoreChoice | null {
  const { extra = {} } = settings;
  if (typeof extra['stores'] === 'number')
    return { stores: extra['stores'], popularity: 'uniform' };
  return (extra['choice'] as StoreChoice | undefined) ?? null;
}

export function pageView(): void {
  guarded(() => {
    const draw = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const path = choice === null ? settings.path : `/stores/${pickStore(choice, draw)}/catalog`;
    // The pause that makes arrivals Poisson comes from k6's own generator: it is to follow the schedule as well.
    randomSeed(Math.floor(draw() * 2 ** 31));
    viewPage(path);
  });
}

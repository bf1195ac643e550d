// Readers of one hot store or of several; the edits come from the lab beside them.
import { randomSeed } from 'k6';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore } from '../lib/stores.ts';

const usual = loadOptions();

/** Without the lib's evenly spaced updates: the lab edits at moments of its own. */
export const options: Options = { ...usual, scenarios: { pages: usual.scenarios!['pages']! } };

const stores = Number(settings.extra?.['stores'] ?? 1);

export function pageView(): void {
  guarded(() => {
    const random = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const path =
      stores === 1
        ? settings.path
        : `/stores/${pickStore({ stores, popularity: 'uniform' }, random)}/catalog`;
    // The pause that makes arrivals Poisson follows the schedule too.
    randomSeed(Math.floor(random() * 2 ** 31));
    viewPage(path);
  });
}

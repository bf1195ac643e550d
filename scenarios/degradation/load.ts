// Pages of a few stores alike, on a schedule; which of them is up to the seed and the request's place in the schedule.
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore } from '../lib/stores.ts';

export const options: Options = loadOptions();

const stores = Number(settings.extra?.['stores'] ?? 1);

export function pageView(): void {
  guarded(() => {
    const random = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    viewPage(`/stores/${pickStore({ stores, popularity: 'uniform' }, random)}/catalog`);
  });
}

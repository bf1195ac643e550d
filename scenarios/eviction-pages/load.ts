// Visitors of 1,000 stores by Zipf's law; who comes next follows from the seed and the place in the schedule.
import exec from 'k6/execution';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore } from '../lib/stores.ts';

export const options = loadOptions();

export function pageView(): void {
  guarded(() => {
    const draw = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const stores = Number(settings.extra?.['stores']);
    viewPage(`/stores/${pickStore({ stores, popularity: 'zipf' }, draw)}/catalog`);
  });
}

// Readers of a few stores, whose pages lie on every shard of a cluster.
import { randomSeed } from 'k6';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickStore } from '../lib/stores.ts';

export const options: Options = loadOptions();

const stores = Number(settings.extra?.['stores'] ?? 1);

export function pageView(): void {
  guarded(() => {
    const random = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const slug = pickStore({ stores, popularity: 'uniform' }, random);
    randomSeed(Math.floor(random() * 2 ** 31));
    viewPage(`/stores/${slug}/catalog`);
  });
}

// Readers of a few stores alike; the edits come from the lab beside them.
import exec from 'k6/execution';
import { randomSeed } from 'k6';
import type { Options } from 'k6/options';
import { guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf } from '../lib/stores.ts';

const usual = loadOptions();

/** Without the lib's evenly spaced updates: the lab edits at moments of its own. */
export const options: Options = { ...usual, scenarios: { pages: usual.scenarios!['pages']! } };

const slugs = (settings.extra?.['slugs'] ?? ['lao-zhang']) as string[];

export function pageView(): void {
  guarded(() => {
    const random = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const slug = slugs[Math.floor(random() * slugs.length)]!;
    // The pause that makes arrivals Poisson follows the schedule too.
    randomSeed(Math.floor(random() * 2 ** 31));
    viewPage(`/stores/${slug}/catalog`);
  });
}

// Views one page, and by a share of the requests those of other stores; what the workshop turns while it runs. Runs inside k6.
import { randomSeed } from 'k6';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { guarded, loadOptions, settings, updatePrice, viewPage } from './load.ts';
import { drawsOf, pickStore, type StoreChoice } from './stores.ts';

/** What the lab hands over as `settings.extra`. */
interface MixedViews {
  /** Of the requests that go to `choice`, 0 to 1; the rest views `settings.path`. */
  share: number;
  choice: StoreChoice;
}

const { share, choice }: MixedViews = {
  share: 0,
  choice: { stores: 1, popularity: 'zipf' },
  ...settings.extra,
};

const { scenarios = {}, ...common } = loadOptions();
const { pages, ...others } = scenarios;

/** k6 takes no rate of 0: with writes alone there are no page views. */
export const options: Options = {
  ...common,
  scenarios: pages === undefined || settings.ratePerSecond === 0 ? others : { pages, ...others },
};

/** Runs when the virtual users are there, just before the schedule begins: the lab ends the load before this one then. */
export function setup(): void {
  console.info('load-begins');
}

export function pageView(): void {
  guarded(() => {
    const draw = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    const path = draw() < share ? `/stores/${pickStore(choice, draw)}/catalog` : settings.path;
    // The pause that makes arrivals Poisson comes from k6's own generator: it is to follow the schedule as well.
    randomSeed(Math.floor(draw() * 2 ** 31));
    viewPage(path);
  });
}

export function priceUpdate(): void {
  guarded(updatePrice);
}

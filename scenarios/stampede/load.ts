// Bursts at moments that the protocol sets, or page views on a schedule.
import { askAtMoment, burstOptions } from '../lib/burst.ts';
import { loadOptions, settings } from '../lib/load.ts';

export { pageView, priceUpdate } from '../lib/page-views.ts';

export const options = settings.arrivals === 'burst' ? burstOptions() : loadOptions();

export function burst(): void {
  askAtMoment();
}

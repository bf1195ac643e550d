// One page, viewed on a schedule; what differs between the arms comes from the lab's settings.
export { options, pageView, priceUpdate } from '../lib/page-views.ts';

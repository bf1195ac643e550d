// One page, viewed on a schedule, and price updates beside it.
export { options, pageView, priceUpdate } from '../lib/page-views.ts';

// The hot page on a schedule; bursts and edits come from the protocol.
export { options, pageView, priceUpdate } from '../lib/page-views.ts';

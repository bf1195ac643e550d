import type { Knobs } from '../contract.ts';
import { byId, put, show } from './dom.ts';
import type { KnobPanel } from './knobs.ts';
import { word } from './language.ts';
import type { Store } from './store.ts';
import { differences, hashOf, knobsOf } from './url-state.ts';

/**
 * Keeps the link equal to the room. A link with other settings changes nothing by itself: the room belongs to all, so it
 * offers them.
 */
class LinkBanner {
  readonly #store: Store;
  #offered: Knobs | null;

  constructor(store: Store, knobs: KnobPanel) {
    this.#store = store;
    this.#offered = knobsOf(location.hash) ?? knobsOf(location.search);
    byId('apply-link', HTMLButtonElement).addEventListener('click', () => {
      const patch = this.#differences();
      this.#close();
      if (patch !== null) void knobs.turn(patch);
    });
    byId('keep-room', HTMLButtonElement).addEventListener('click', () => this.#close());
    addEventListener('hashchange', () => {
      this.#offered = knobsOf(location.hash);
      this.#show();
    });
    store.on('state', () => this.#show());
    store.on('language', () => this.#show());
  }

  #differences(): Partial<Knobs> | null {
    const { state } = this.#store;
    if (this.#offered === null || state === null) return null;
    const patch = differences(this.#offered, state.knobs);
    return Object.keys(patch).length === 0 ? null : patch;
  }

  #close(): void {
    this.#offered = null;
    this.#show();
    byId('knobs-policy', HTMLElement).querySelector('select')?.focus();
  }

  #show(): void {
    const { state } = this.#store;
    if (state === null) return;
    const patch = this.#differences();
    show(byId('link-offer', HTMLElement), patch !== null);
    if (patch !== null) {
      const settings = Object.entries(patch).map(([name, value]) => `${name} ${value ?? '–'}`);
      put(byId('link-text', HTMLElement), word('linkOffers', { settings: settings.join(', ') }));
      return;
    }
    this.#offered = null;
    const hash = hashOf(state.knobs);
    const link = `${location.pathname}${hash === '' ? '' : `#${hash}`}`;
    // `replaceState`: turning a knob is no step of the browser's history.
    history.replaceState(null, '', link);
  }
}

/** Keeps the link from now on. */
export function offerLink(store: Store, knobs: KnobPanel): void {
  void new LinkBanner(store, knobs);
}

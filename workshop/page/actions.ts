import { ACTIONS, type ActionName, type Mark, type RoomState } from '../contract.ts';
import { ask } from './api.ts';
import { byId, el, put } from './dom.ts';
import { formatClock } from './format.ts';
import { showRefusal } from './refusal.ts';
import { word, wordOr } from './language.ts';
import { announce } from './live-region.ts';
import type { Store } from './store.ts';
import type { WordKey } from './words.ts';

/** Presets that keep no copy in Redis: there is nothing to expire. */
const WITHOUT_COPY = new Set(['uncached', 'joined']);

/** Events in the list; the charts show no older ones. */
const LISTED = 40;

type Against = (state: RoomState) => WordKey | null;

const redisDown: Against = ({ services }) => (services.redis === 'down' ? 'whyRedisDown' : null);
const redisAway: Against = (state) =>
  state.services.redis === 'frozen' ? 'whyRedisFrozen' : redisDown(state);
const appDown: Against = ({ services }) => (services.app === 'down' ? 'whyAppDown' : null);

/** A listener in this state makes the action senseless; so does a policy that needs none. */
function listenerIs(wrong: 'up' | 'down', why: WordKey): Against {
  return ({ services: { listener } }) => {
    if (listener === 'unused') return 'whyNoListener';
    return listener === wrong ? why : null;
  };
}

/** Why an action makes no sense now; null: it does. What the room refuses beyond this it says itself. */
const AGAINST: Readonly<Record<ActionName, Against>> = {
  'edit-price': appDown,
  'expire-now': (state) => (WITHOUT_COPY.has(state.knobs.preset) ? 'whyNoCopy' : redisAway(state)),
  'kill-redis': redisDown,
  'bring-redis-back': ({ services }) => (services.redis === 'up' ? 'whyRedisUp' : null),
  'freeze-redis': redisAway,
  'drop-listener': listenerIs('down', 'whyListenerDown'),
  'bring-listener-back': listenerIs('up', 'whyListenerUp'),
  'ask-missing': appDown,
  flood: appDown,
  'edit-behind': () => null,
};

/** What breaks and heals: a button and a digit each. What came of it comes as a mark, for everybody. */
export class ActionPanel {
  readonly #store: Store;
  readonly #buttons = new Map<ActionName, { button: HTMLButtonElement; reason: HTMLElement }>();

  constructor(store: Store) {
    this.#store = store;
    const place = byId('action-buttons', HTMLElement);
    for (const { name, key } of ACTIONS) {
      const reason = el('span', { class: 'visually-hidden', id: `why-${name}` });
      const button = el(
        'button',
        {
          type: 'button',
          id: `action-${name}`,
          'aria-keyshortcuts': key,
          'aria-describedby': `why-${name}`,
        },
        el('kbd', { 'aria-hidden': 'true' }, key),
        el('span', { 'data-word': `action ${name}`, 'data-tip': `about ${name}` }),
      );
      button.addEventListener('click', () => void this.act(name));
      place.append(el('div', { class: 'action' }, button, reason));
      this.#buttons.set(name, { button, reason });
    }
    store.on('state', () => this.#show());
    store.on('connection', () => this.#show());
    store.on('forgotten', () => this.#list());
    store.on('language', () => {
      this.#show();
      this.#list();
    });
    store.on('mark', (mark) => {
      this.#list();
      if (store.connection === 'live' && mark.atMs >= (store.samples.at(-1)?.atMs ?? 0) - 2000)
        announce(markText(mark));
    });
  }

  /** Does it; a refusal, and why a button is off, is said below the buttons. */
  async act(name: ActionName): Promise<void> {
    const entry = this.#buttons.get(name);
    if (entry === undefined || entry.button.getAttribute('aria-busy') === 'true') return;
    const said = byId('actions-refusal', HTMLElement);
    const against = this.#against(name);
    if (against !== null) {
      said.lang = document.documentElement.lang;
      put(said, word(against));
      return;
    }
    put(said, '');
    entry.button.setAttribute('aria-busy', 'true');
    const answer = await ask<Mark>('POST', `/api/actions/${name}`);
    entry.button.removeAttribute('aria-busy');
    showRefusal(said, answer);
    if (answer.ok) this.#store.mark(answer.value);
  }

  #against(name: ActionName): WordKey | null {
    const { state, connection } = this.#store;
    if (state === null || connection === 'lost') return 'whyNotConnected';
    return AGAINST[name](state);
  }

  #show(): void {
    for (const [name, { button, reason }] of this.#buttons) {
      const against = this.#against(name);
      // Not `disabled`: the reason is to be found by those who cannot see the colour.
      button.setAttribute('aria-disabled', String(against !== null));
      put(reason, against === null ? '' : word(against));
      if (against === null) button.removeAttribute('title');
      else button.title = word(against);
    }
    const { state } = this.#store;
    const edit = this.#buttons.get('edit-price')?.button.querySelector('[data-word]');
    if (state !== null && edit !== undefined && edit !== null)
      put(edit, word('editPriceTo', { from: state.price, to: state.price === 150 ? 120 : 150 }));
  }

  #list(): void {
    const newest = this.#store.marks.slice(-LISTED).toReversed();
    byId('events', HTMLElement).replaceChildren(
      ...newest.map((mark) =>
        el(
          'li',
          {},
          el('b', {}, String(mark.id)),
          el('time', {}, formatClock(mark.atMs)),
          el('span', {}, markText(mark)),
        ),
      ),
    );
  }
}

/** A mark in words: what was done, and its detail as the room wrote it. */
function markText({ kind, what, detail }: Mark): string {
  const name = wordOr(`${kind} ${what}`, wordOr(`kind ${kind}`, what));
  return detail === '' ? name : `${name}: ${detail}`;
}

import { type Measured, type SentenceInput, SENTENCES } from '../contract.ts';
import { type Prediction, predict, settingOf } from '../forms/index.ts';
import { ask } from './api.ts';
import { byId, el, put } from './dom.ts';
import { formatNumber } from './format.ts';
import { showRefusal } from './refusal.ts';
import { word } from './language.ts';
import { announce } from './live-region.ts';
import type { Store } from './store.ts';

type Name = (typeof SENTENCES)[number];
type Turned = Exclude<keyof SentenceInput, 'sentence'>;

/** Numbers of the sentences as they begin: those of the story, at the rates of a laptop. */
const FIRST: Record<Name, SentenceInput> = {
  'stale-readers': base('stale-readers', { ttlSeconds: 60, editsPerMinute: 3 }),
  'hit-ratio': base('hit-ratio', { ttlSeconds: 10, readsPerSecond: 5 }),
  'loads-per-expiry': base('loads-per-expiry', { readsPerSecond: 20, loadMs: 850 }),
  'avalanche-peak': base('avalanche-peak', {
    copies: 200,
    ttlSeconds: 60,
    jitter: 0.1,
    readsPerSecond: 50,
  }),
};

function base(sentence: Name, numbers: Partial<SentenceInput>): SentenceInput {
  return {
    sentence,
    ttlSeconds: 60,
    readsPerSecond: 5,
    editsPerMinute: 0,
    loadMs: 850,
    ...numbers,
  };
}

/** Which numbers of the text can be turned, and between what. `shownTimes`: per cent in the text, a share in the setting. */
const FIELDS: Readonly<
  Record<Turned, { low: number; high: number; step: number; shownTimes: number }>
> = {
  ttlSeconds: { low: 1, high: 3600, step: 1, shownTimes: 1 },
  readsPerSecond: { low: 1, high: 200, step: 1, shownTimes: 1 },
  editsPerMinute: { low: 0, high: 600, step: 1, shownTimes: 1 },
  loadMs: { low: 1, high: 10_000, step: 10, shownTimes: 1 },
  copies: { low: 2, high: 1000, step: 10, shownTimes: 1 },
  jitter: { low: 0, high: 0.5, step: 0.05, shownTimes: 100 },
};

/**
 * Sentences whose numbers can be turned: the closed form answers at once, a real run when asked. The gaps of a text are
 * `[ttlSeconds]` for a number to turn and `[answer]` for what follows from them.
 */
class Sentences {
  readonly #store: Store;
  readonly #inputs: Record<Name, SentenceInput> = structuredClone(FIRST);
  readonly #measured = new Map<Name, Measured>();

  constructor(store: Store) {
    this.#store = store;
    this.#build();
    store.on('language', () => this.#build());
    store.on('state', () => this.#answerAll());
    store.on('measured', (measured) => {
      const { sentence } = measured.sentence;
      this.#measured.set(sentence, measured);
      this.#answer(sentence);
      announce(measuredText(measured));
    });
  }

  #build(): void {
    byId('sentence-list', HTMLElement).replaceChildren(
      ...SENTENCES.map((name) => this.#makeSentence(name)),
    );
    this.#answerAll();
  }

  #answerAll(): void {
    const policy = this.#store.state?.policy.name ?? '–';
    put(byId('under-policy', HTMLElement), word('underPolicy', { policy }));
    for (const name of SENTENCES) this.#answer(name);
  }

  #makeSentence(name: Name): HTMLElement {
    const text = el('p');
    for (const part of word(`sentence ${name}`).split(/(\[\w+\])/)) {
      const gap = /^\[(\w+)\]$/.exec(part)?.[1];
      if (gap === undefined) text.append(part);
      else if (gap === 'answer')
        text.append(el('output', { id: `${name}-answer`, class: 'predicted' }));
      else text.append(this.#makeField(name, gap as Turned));
    }
    const measure = el(
      'button',
      { type: 'button', id: `${name}-measure`, class: 'measure' },
      word('measureIt'),
    );
    measure.addEventListener('click', () => void this.#measure(name));
    const result = el('span', { id: `${name}-measured`, class: 'measured' });
    return el('li', { id: `sentence-${name}` }, text, el('div', {}, measure, result));
  }

  #makeField(name: Name, turned: Turned): HTMLInputElement {
    const { low, high, step, shownTimes } = FIELDS[turned];
    const field = el('input', {
      type: 'number',
      class: 'in-text',
      id: `${name}-${turned}`,
      min: low * shownTimes,
      max: high * shownTimes,
      step: step * shownTimes,
      'aria-label': word(`number ${turned}`),
      value: Number(((this.#inputs[name][turned] ?? 0) * shownTimes).toFixed(3)),
    });
    field.addEventListener('input', () => {
      const value = field.valueAsNumber / shownTimes;
      const valid = value >= low && value <= high;
      field.setAttribute('aria-invalid', String(!valid));
      if (!valid) return;
      this.#inputs[name][turned] = value;
      this.#answer(name);
    });
    return field;
  }

  /** What the closed form says, and the last measurement as long as it is of these very numbers. */
  #answer(name: Name): void {
    const { state } = this.#store;
    const input = this.#inputs[name];
    const output = document.getElementById(`${name}-answer`);
    const result = document.getElementById(`${name}-measured`);
    const button = document.getElementById(`${name}-measure`);
    if (output === null || result === null || button === null) return;
    const setting = state === null ? undefined : settingOf(state.knobs);
    put(output, predictionText(predict(input, setting)));
    const busy = state?.measuring === true;
    button.setAttribute('aria-disabled', String(busy));
    button.title = busy ? word('whyMeasuring') : word('aboutMeasure');
    const measured = this.#measured.get(name);
    if (measured === undefined) return;
    put(
      result,
      measuredText(measured) + (same(measured.sentence, input) ? '' : ` ${word('otherNumbers')}`),
    );
    result.title = measured.how;
  }

  async #measure(name: Name): Promise<void> {
    const refusal = byId('sentences-refusal', HTMLElement);
    if (this.#store.state?.measuring === true) {
      refusal.lang = document.documentElement.lang;
      put(refusal, word('whyMeasuring'));
      return;
    }
    const answer = await ask<unknown>('POST', '/api/measure', this.#inputs[name]);
    showRefusal(refusal, answer);
  }
}

function predictionText({ value, unit, range }: Prediction): string {
  const text = withUnit(value, unit);
  return range === null ? text : `${text} (${formatNumber(range[0])}–${formatNumber(range[1])})`;
}

function measuredText({ predicted, measured, interval, unit, n }: Measured): string {
  return word(interval === null ? 'measuredPlain' : 'measuredWithin', {
    predicted: withUnit(predicted, unit),
    measured: withUnit(measured, unit),
    low: formatNumber(interval?.[0] ?? 0),
    high: formatNumber(interval?.[1] ?? 0),
    n: formatNumber(n),
  });
}

function withUnit(value: number, unit: string): string {
  return `${formatNumber(value)} ${word(`unit ${unit === '%' || unit === 'loads' || unit === 'loads/s' ? unit : 'loads'}`)}`;
}

function same(a: SentenceInput, b: SentenceInput): boolean {
  return (Object.keys(FIELDS) as Turned[]).every((turned) => a[turned] === b[turned]);
}

/** Shows the sentences from now on. */
export function showSentences(store: Store): void {
  void new Sentences(store);
}

import { type Question, QUESTIONS } from '../contract.ts';
import { ask } from './api.ts';
import { byId, el, kept, put, show } from './dom.ts';
import { drawDots } from './dot-strip.ts';
import { formatNumber } from './format.ts';
import { sliderOf, valueAt } from './knob-designs.ts';
import { showRefusal } from './refusal.ts';
import { word } from './language.ts';
import { announce } from './live-region.ts';
import type { Store } from './store.ts';

type Design = (typeof QUESTIONS)[number];

/** Predict, then reveal: the host asks, everybody moves a slider, the room does it for real. */
class PredictPanel {
  readonly #store: Store;
  readonly #who = whoAmI();
  /** This reader's answer to the question that was asked at `askedAtMs`. */
  #mine: { askedAtMs: number; value: number } | null = null;
  #value = 0;
  #askedAtMs = 0;
  #toldState = '';

  constructor(store: Store) {
    this.#store = store;
    const select = byId('question', HTMLSelectElement);
    for (const { id } of QUESTIONS)
      select.append(el('option', { value: id, 'data-word': `question ${id}` }));
    byId('ask', HTMLButtonElement).addEventListener('click', () => void this.#ask(select.value));
    byId('reveal', HTMLButtonElement).addEventListener('click', () => void this.#reveal());
    const form = byId('prediction-form', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    const slider = byId('prediction', HTMLInputElement);
    const field = byId('prediction-number', HTMLInputElement);
    slider.addEventListener('input', () => {
      const design = this.#design();
      if (design === null) return;
      this.#value = guessAt(design, slider.valueAsNumber);
      field.value = String(this.#value);
      this.#writeValue(design);
    });
    field.addEventListener('input', () => {
      const design = this.#design();
      if (design === null || !Number.isFinite(field.valueAsNumber)) return;
      this.#value = Math.min(design.high, Math.max(design.low, field.valueAsNumber));
      this.#writeValue(design);
    });
    store.on('state', () => this.#show());
    store.on('language', () => this.#show());
    new ResizeObserver(() => this.#show()).observe(byId('dots', HTMLElement));
  }

  #question(): Question | null {
    return this.#store.state?.question ?? null;
  }

  #design(): Design | null {
    const question = this.#question();
    return QUESTIONS.find(({ id }) => id === question?.id) ?? null;
  }

  async #ask(id: string): Promise<void> {
    await this.#request('/api/questions', { id });
  }

  async #reveal(): Promise<void> {
    const question = this.#question();
    if (question !== null) await this.#request(`/api/questions/${question.id}/reveal`, undefined);
  }

  async #send(): Promise<void> {
    const question = this.#question();
    if (question === null) return;
    const { id, askedAtMs } = question;
    const value = this.#value;
    if (await this.#request('/api/predictions', { id, who: this.#who, value })) {
      this.#mine = { askedAtMs, value };
      this.#show();
    }
  }

  async #request(path: string, body: unknown): Promise<boolean> {
    const answer = await ask<unknown>('POST', path, body);
    showRefusal(byId('predict-refusal', HTMLElement), answer);
    return answer.ok;
  }

  #show(): void {
    const question = this.#question();
    const design = this.#design();
    show(byId('asked', HTMLElement), question !== null);
    show(byId('not-asked', HTMLElement), question === null);
    if (question === null || design === null) return;
    if (question.askedAtMs !== this.#askedAtMs) this.#begin(question, design);
    const open = question.state === 'open';
    put(byId('question-text', HTMLElement), word(`question ${question.id}`));
    const mine = this.#mine?.askedAtMs === question.askedAtMs ? this.#mine.value : null;
    show(byId('prediction-form', HTMLFormElement), open);
    put(byId('send-word', HTMLElement), word(mine === null ? 'send' : 'sendAgain'));
    byId('reveal', HTMLButtonElement).hidden = !open;
    const count = question.predictions.length;
    const unit = word(`unit ${design.unit}`);
    put(byId('prediction-count', HTMLElement), word('answers', { count }));
    // The others' dots come after one's own answer: who has seen them predicts them, not the system.
    const visible = mine !== null || !open;
    show(byId('dots', HTMLElement), visible);
    if (visible) drawDots(byId('dots', HTMLElement), design, question, mine);
    const result = resultText(question, unit);
    put(byId('answer', HTMLElement), result);
    put(byId('answer-how', HTMLElement), open ? '' : question.how);
    if (question.state !== this.#toldState && this.#toldState !== '')
      announce(open ? word('asks', { question: word(`question ${question.id}`) }) : result);
    this.#toldState = question.state;
    this.#writeValue(design);
  }

  #begin(question: Question, design: Design): void {
    this.#askedAtMs = question.askedAtMs;
    const slider = byId('prediction', HTMLInputElement);
    slider.value = '500';
    this.#value = guessAt(design, 500);
    const field = byId('prediction-number', HTMLInputElement);
    field.min = String(design.low);
    field.max = String(design.high);
    field.step = 'any';
    field.value = String(this.#value);
    byId('question', HTMLSelectElement).value = question.id;
  }

  #writeValue(design: Design): void {
    const unit = word(`unit ${design.unit}`);
    const slider = byId('prediction', HTMLInputElement);
    slider.setAttribute('aria-valuetext', `${formatNumber(this.#value)} ${unit}`);
    if (document.activeElement !== slider)
      slider.value = String(sliderOf({ ...design, log: design.scale === 'log' }, this.#value));
    put(byId('prediction-unit', HTMLElement), unit);
  }
}

/** Value of a guess at a slider's position: two digits are as many as anybody means. */
function guessAt({ low, high, scale }: Design, position: number): number {
  const exact = valueAt({ low, high, log: scale === 'log', step: 1e-4 }, position);
  return Number(exact.toPrecision(2));
}

function resultText({ state, answer }: Question, unit: string): string {
  if (state === 'open') return '';
  if (state === 'running') return word('measuring');
  return answer === null ? word('failed') : word('itWas', { value: formatNumber(answer), unit });
}

/** A name of this browser for its predictions, kept so that a reload does not vote twice. */
function whoAmI(): string {
  const known = kept.read('who');
  if (known !== null && /^[A-Za-z0-9-]{8,40}$/.test(known)) return known;
  // Not randomUUID: it is missing where the page comes by plain http from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const who = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  kept.write('who', who);
  return who;
}

/** Shows the question that is asked, from now on. */
export function showPredictions(store: Store): void {
  void new PredictPanel(store);
}

import type { Knobs, RoomState } from '../contract.ts';
import { type Answer, ask } from './api.ts';
import { byId, el, put } from './dom.ts';
import {
  type ChoiceKnob,
  KNOB_DESIGNS,
  type KnobDesign,
  type NumberKnob,
  requestOf,
  sliderOf,
  valueAt,
} from './knob-designs.ts';
import { word, wordOr } from './language.ts';
import { showRefusal } from './refusal.ts';
import type { Store } from './store.ts';

/** Arrow keys on a slider change it step by step: one request for a series of them. */
const SETTLE_MS = 300;

/** Knobs that may be left to the preset. */
const OWN_KNOBS = KNOB_DESIGNS.filter(({ group, none }) => group === 'policy' && none !== null).map(
  ({ name }) => name,
);

type Value = Knobs[keyof Knobs];

/** One knob on the page: its controls, and how they show a value. */
interface Shown {
  design: KnobDesign;
  row: HTMLElement;
  refusal: HTMLElement;
  /** Writes a value into the controls. */
  write: (value: Value, knobs: Knobs) => void;
  /** In the hand, or waiting for its request: what the room says meanwhile is not written over it. */
  turning: boolean;
  /** Its request is still to come, or under way. */
  pending: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The knobs: HTML controls that show the room's truth, send what is turned, and return to the truth where it is refused. */
export class KnobPanel {
  readonly #store: Store;
  readonly #shown = new Map<keyof Knobs, Shown>();
  /** The knob whose request is shown: the last one that was touched. */
  #requested: keyof Knobs = 'preset';

  constructor(store: Store) {
    this.#store = store;
    for (const design of KNOB_DESIGNS) {
      const shown = this.#make(design);
      this.#shown.set(design.name, shown);
      byId(`knobs-${design.group}`, HTMLElement).append(shown.row);
      shown.row.addEventListener('focusin', () => this.#showRequest(design.name));
      shown.row.addEventListener('pointerenter', () => this.#showRequest(design.name));
    }
    store.on('state', (state) => this.#writeAll(state));
    store.on('language', () => {
      if (store.state !== null) this.#writeAll(store.state);
    });
  }

  /** Several knobs at once, e.g. those of a link. */
  async turn(patch: Partial<Knobs>): Promise<void> {
    const answer = await this.#put(patch);
    if (!answer.ok) this.#refuse(patch, answer);
  }

  /**
   * Another preset. Where it does not go with what else was turned of the policy, that is left to the preset again: who compares
   * presets need not undo each knob first. The room's mark names what went back.
   */
  async #turnPreset(preset: string): Promise<void> {
    let answer = await this.#put({ preset });
    const about = answer.ok ? null : answer.refusal?.about;
    if (OWN_KNOBS.some((name) => name === about)) {
      const own = Object.fromEntries(OWN_KNOBS.map((name) => [name, null]));
      answer = await this.#put({ preset, ...own });
    }
    if (!answer.ok) this.#refuse({ preset }, answer);
  }

  async #put(patch: Partial<Knobs>): Promise<Answer<RoomState>> {
    for (const { refusal } of this.#shown.values()) put(refusal, '');
    put(byId('knobs-refusal', HTMLElement), '');
    const answer = await ask<RoomState>('PUT', '/api/knobs', patch);
    if (answer.ok) this.#store.stateIs(answer.value);
    return answer;
  }

  #writeAll(state: RoomState): void {
    if (![...this.#shown.values()].some(({ turning }) => turning))
      this.#showRequest(this.#requested);
    for (const { design, write, turning } of this.#shown.values())
      if (!turning) write(state.knobs[design.name], state.knobs);
    put(
      byId('policy-about', HTMLElement),
      wordOr(`about ${state.knobs.preset}`, state.policy.description),
    );
    const name = byId('policy-name', HTMLElement);
    put(name, state.policy.name);
    name.title = state.policy.invalidation;
  }

  /** The request of a knob as it would be sent now. */
  #showRequest(name: keyof Knobs, value?: Value): void {
    this.#requested = name;
    const knobs = this.#store.state?.knobs;
    if (knobs === undefined) return;
    const turned = value === undefined ? knobs : { ...knobs, [name]: value };
    put(byId('knob-request', HTMLElement), requestOf(name, turned));
  }

  #set(shown: Shown, value: Value): void {
    shown.turning = true;
    shown.pending = true;
    clearTimeout(shown.timer);
    this.#showRequest(shown.design.name, value);
    shown.timer = setTimeout(() => void this.#send(shown, value), SETTLE_MS);
  }

  async #send(shown: Shown, value: Value): Promise<void> {
    shown.row.setAttribute('aria-busy', 'true');
    const { timer } = shown;
    const { name } = shown.design;
    await (name === 'preset' ? this.#turnPreset(String(value)) : this.turn({ [name]: value }));
    // Turned on meanwhile: the later request will show the truth.
    if (shown.timer !== timer) return;
    shown.pending = false;
    this.#letGo(shown);
    shown.row.removeAttribute('aria-busy');
  }

  /** Out of the hand again: it shows the truth. */
  #letGo(shown: Shown): void {
    if (shown.pending) return;
    shown.turning = false;
    if (this.#store.state !== null) this.#writeAll(this.#store.state);
  }

  #refuse(patch: Partial<Knobs>, answer: Answer<RoomState> & { ok: false }): void {
    const [only] = Object.keys(patch) as (keyof Knobs)[];
    const about = (answer.refusal?.about ?? only) as keyof Knobs | undefined;
    const beside = about === undefined ? undefined : this.#shown.get(about)?.refusal;
    showRefusal(beside ?? byId('knobs-refusal', HTMLElement), answer);
  }

  #make(design: KnobDesign): Shown {
    const refusal = el('p', { class: 'refusal', id: `${design.name}-refusal`, role: 'alert' });
    const row = el('div', { class: `knob ${design.kind}`, id: `knob-${design.name}` });
    const shown: Shown = {
      design,
      row,
      refusal,
      write: () => undefined,
      turning: false,
      pending: false,
      timer: undefined,
    };
    row.append(
      el('label', {
        for: design.name,
        id: `${design.name}-label`,
        'data-word': design.word,
      }),
    );
    if (design.kind === 'choice') this.#makeChoice(design, shown);
    else this.#makeNumber(design, shown);
    row.append(refusal);
    return shown;
  }

  #makeChoice(design: ChoiceKnob, shown: Shown): void {
    const { name, choices, none } = design;
    const select = el('select', { id: name, 'aria-describedby': describedBy(name) });
    const all = none === null ? choices : ['', ...choices];
    for (const choice of all) select.append(el('option', { value: choice }));
    select.addEventListener('change', () =>
      this.#set(shown, none !== null && select.value === '' ? null : select.value),
    );
    shown.write = (value) => {
      for (const option of select.options)
        put(
          option,
          option.value === '' && none !== null ? word(none) : choiceText(name, option.value),
        );
      select.value = value === null ? '' : String(value);
    };
    shown.row.append(select);
  }

  #makeNumber(design: NumberKnob, shown: Shown): void {
    const { name, low, high, step, shownTimes, none, unit } = design;
    const range = el('input', {
      type: 'range',
      id: `${name}-slider`,
      min: 0,
      max: 1000,
      'aria-labelledby': `${name}-label`,
      'aria-describedby': describedBy(name),
    });
    const field = el('input', {
      type: 'number',
      id: name,
      min: low * shownTimes,
      max: high * shownTimes,
      step: step * shownTimes,
      inputmode: 'decimal',
      'aria-describedby': describedBy(name),
    });
    if (none !== null) field.dataset['hint'] = none === 'noLimit' ? 'hintNoLimit' : 'hintOwn';
    const showSlider = (value: number | null): void => {
      range.classList.toggle('unset', value === null);
      range.setAttribute(
        'aria-valuetext',
        value === null
          ? word(none ?? 'presetsOwn')
          : `${Math.round(value * shownTimes * 100) / 100} ${word(unit)}`,
      );
    };
    range.addEventListener('input', () => {
      // From now on it is in the hand: a state that comes while it is dragged must not pull it away.
      shown.turning = true;
      const value = valueAt(design, range.valueAsNumber);
      field.value = fieldText(value * shownTimes);
      showSlider(value);
      this.#showRequest(name, value);
    });
    range.addEventListener('change', () => this.#set(shown, valueAt(design, range.valueAsNumber)));
    field.addEventListener('input', () => {
      shown.turning = true;
    });
    field.addEventListener('change', () => {
      const text = field.value.trim();
      // Out of range goes to the room as well: its refusal says what is allowed. What is no number at all does not.
      if (field.validity.badInput || (text === '' && none === null)) this.#letGo(shown);
      else this.#set(shown, text === '' ? null : round(Number(text) / shownTimes));
    });
    for (const control of [range, field])
      control.addEventListener('blur', () => this.#letGo(shown));
    shown.write = (value) => {
      const present = typeof value === 'number' ? value : null;
      field.value = present === null ? '' : fieldText(present * shownTimes);
      if (present !== null) range.value = String(sliderOf(design, present));
      showSlider(present);
    };
    const controls: (Node | string)[] = [
      range,
      field,
      el('span', { class: 'unit', 'data-word': unit }),
    ];
    if (none !== null) {
      const clear = el('button', { type: 'button', class: 'own', 'data-tip': none }, '↺');
      clear.setAttribute('aria-labelledby', `${name}-own ${name}-label`);
      controls.push(
        clear,
        el('span', { id: `${name}-own`, class: 'visually-hidden', 'data-word': none }),
      );
      clear.addEventListener('click', () => {
        field.value = '';
        this.#set(shown, null);
      });
    }
    shown.row.append(...controls);
  }
}

function describedBy(name: string): string {
  return `${name}-refusal knob-request`;
}

function fieldText(value: number): string {
  return String(round(value));
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

function choiceText(name: keyof Knobs, value: string): string {
  return name === 'preset' ? wordOr(`preset ${value}`, value) : wordOr(`${name} ${value}`, value);
}

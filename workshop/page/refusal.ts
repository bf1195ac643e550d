import type { Answer } from './api.ts';
import { put } from './dom.ts';
import { word } from './language.ts';

/** Says why something was turned away, in the room's own words (English), or that nothing answered; nothing where all went well. */
export function showRefusal(place: HTMLElement, answer: Answer<unknown>): void {
  const refusal = answer.ok ? null : answer.refusal;
  place.lang = refusal === null ? document.documentElement.lang : 'en';
  put(place, answer.ok ? '' : (refusal?.error ?? word('noAnswer')));
}

import { kept } from './dom.ts';
import { fill, isWordKey, type Language, type WordKey, WORDS } from './words.ts';

let spoken: Language = firstLanguage();

/** The language in which the page is shown now. */
export function language(): Language {
  return spoken;
}

/** A text in the present language, its gaps closed. */
export function word(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(WORDS[spoken][key], values);
}

/** A text whose key is put together from names of the room; the name itself where there is none. */
export function wordOr(key: string, otherwise: string): string {
  return isWordKey(key) ? word(key) : otherwise;
}

/** Switches, remembers it for this reader, and writes the document's fixed texts again. */
export function setLanguage(next: Language): void {
  spoken = next;
  kept.write('language', next);
  writeTexts(document.documentElement);
}

/** Writes what `data-word`, `data-label`, `data-hint` and `data-tip` name below an element: text, accessible name, placeholder, title. */
export function writeTexts(root: Element): void {
  document.documentElement.lang = spoken === 'zh' ? 'zh-CN' : 'en';
  for (const element of root.querySelectorAll<HTMLElement>('[data-word]'))
    element.textContent = named(element.dataset['word']);
  for (const [data, attribute] of [
    ['label', 'aria-label'],
    ['hint', 'placeholder'],
    ['tip', 'title'],
  ] as const)
    for (const element of root.querySelectorAll<HTMLElement>(`[data-${data}]`))
      element.setAttribute(attribute, named(element.dataset[data]));
}

function named(key = ''): string {
  return wordOr(key, key);
}

function firstLanguage(): Language {
  const remembered = kept.read('language');
  if (remembered === 'en' || remembered === 'zh') return remembered;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

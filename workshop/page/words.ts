import { EN } from './words-en.ts';
import { ZH } from './words-zh.ts';

/** The languages of the page. English is what the document is written in before its script has run. */
export type Language = 'en' | 'zh';

/** Every text that the page can show has a key. */
export type WordKey = keyof typeof EN;

/** All texts; both languages have the same keys. `{name}` is a gap that `fill` closes. */
export const WORDS: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = {
  en: EN,
  zh: ZH,
};

/** Closes the gaps of a text; a gap without a value stays visible. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (gap, name: string) =>
    name in values ? String(values[name]) : gap,
  );
}

/** Whether there is a text of that name: keys that are put together from names of the room are not known to the compiler. */
export function isWordKey(key: string): key is WordKey {
  return Object.hasOwn(EN, key);
}

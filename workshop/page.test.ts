import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../server/cache/presets.ts';
import { ACTIONS, KNOB_CHOICES, QUESTIONS, SENTENCES } from './contract.ts';
import { renderPage } from './page/document.ts';
import { PRESET_NAMES } from './page/knob-designs.ts';
import { fill, isWordKey, WORDS } from './page/words.ts';

const here = new URL('./page/', import.meta.url);
const modules = readdirSync(here)
  .filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('words-'),
  )
  .map((name) => ({ name, text: readFileSync(new URL(name, here), 'utf8') }));

/** A module without its comments. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

describe('the texts of the page', () => {
  test('English and 中文 have the same keys, and none is empty', () => {
    expect(Object.keys(WORDS.zh).sort()).toEqual(Object.keys(WORDS.en).sort());
    for (const text of [...Object.values(WORDS.en), ...Object.values(WORDS.zh)])
      expect(text.trim()).not.toBe('');
  });

  test('a text has the same gaps in both languages', () => {
    const gaps = (text: string): string[] => (text.match(/\{\w+\}|\[\w+\]/g) ?? []).sort();
    for (const [key, text] of Object.entries(WORDS.en))
      expect(gaps(WORDS.zh[key as keyof typeof WORDS.zh]), key).toEqual(gaps(text));
  });

  test('everything that the room names has a text', () => {
    const keys = [
      ...ACTIONS.flatMap(({ name }) => [`action ${name}`, `about ${name}`]),
      ...QUESTIONS.flatMap(({ id, unit }) => [`question ${id}`, `unit ${unit}`]),
      ...SENTENCES.map((name) => `sentence ${name}`),
      ...PRESET_NAMES.flatMap((name) => [`preset ${name}`, `about ${name}`]),
      ...Object.entries(KNOB_CHOICES).flatMap(([knob, values]) =>
        values.map((value) => `${knob} ${value}`),
      ),
    ];
    expect(keys.filter((key) => !isWordKey(key))).toEqual([]);
  });

  test('the presets that can be chosen are those of the server, in its order', () => {
    expect(PRESET_NAMES).toEqual(PRESETS.map(({ name }) => name));
  });

  test('a gap is closed by its value, and stays visible without one', () => {
    expect(fill('¥{from}→¥{to}', { from: 150, to: 120 })).toBe('¥150→¥120');
    expect(fill('{what}', {})).toBe('{what}');
  });

  test('each key that the document names is a text', () => {
    const html = renderPage({ script: '/s.js', style: '/s.css' });
    const named = [...html.matchAll(/data-(?:word|label|tip|hint)="([^"]+)"/g)].map(
      ([, key]) => key,
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((key) => key === undefined || !isWordKey(key))).toEqual([]);
  });

  test('no text stands in another module: neither Chinese, nor a phrase of three words', () => {
    for (const { name, text } of modules) {
      const bare = code(text);
      expect(bare, name).not.toMatch(/\p{Script=Han}/u);
      const phrases = [...bare.matchAll(/'([^'\n]*)'|"([^"\n]*)"/g)]
        .map(([, single, double]) => single ?? double ?? '')
        .filter((string) => /^[A-Z][a-z]+( [a-z]+){2,}/.test(string));
      expect(phrases, name).toEqual([]);
    }
  });
});

describe('the sources of the page', () => {
  test('put nothing in as markup: no innerHTML and none of its kin', () => {
    expect(modules.length).toBeGreaterThan(20);
    for (const { name, text } of modules)
      expect(code(text), name).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|createContextualFragment|\beval\b|new Function/,
      );
  });

  test('the document has no script, style or handler of its own', () => {
    const html = renderPage({ script: '/s.js', style: '/s.css' });
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
    expect(html.match(/<script[^>]*>[^<]*/g)).toEqual(['<script type="module" src="/s.js">']);
  });
});

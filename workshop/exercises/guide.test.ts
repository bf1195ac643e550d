import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../lab/root.ts';
import { PRESETS } from '../../server/cache/presets.ts';
import { hashOf, knobsOf } from '../page/url-state.ts';
import { WORDS } from '../page/words.ts';
import { EXERCISES } from './list.ts';

const read = (name: string): string => readFileSync(join(ROOT, 'workshop', name), 'utf8');
const GUIDES = { english: read('GUIDE.md'), chinese: read('GUIDE.zh-CN.md') };

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

/** Number and minutes of each block, the break included. */
const blocks = (text: string): string[] =>
  all(text, /^## ((?:Block \d+|第 \d+ 段|Break|休息) · \d+–\d+)/gm).map((head) =>
    head.replaceAll(/[^\d–]+/g, ' ').trim(),
  );

/** Targets, save the link to the other language. */
const links = (text: string): string[] =>
  all(text, /(?:\]\(|<)((?:https?:|\.\.\/)[^)>]+)/g).filter((link) => !link.includes('GUIDE'));

const code = (text: string): string[] => all(text, /```sh\n([^`]+)```/g);

const exercises = (text: string): string[] =>
  all(text, /^\*\*(?:Exercise|练习) (\d+)(?:\.|。)\*\*/gm);

/** Rows of a table by the word that its head begins with, first cell each. */
function firstCells(text: string, head: string): string[] {
  const [, rows = ''] = text.split(`| ${head} |`);
  const table = rows.split('\n\n')[0] ?? '';
  return all(table, /^\| ([^|]+) \|/gm);
}

describe('the guide', () => {
  test('has blocks 1 to 9 without a gap from 0 to 90 min, a break among them', () => {
    const times = all(GUIDES.english, /^## (?:Block \d+|Break) · (\d+–\d+) min/gm).map((time) =>
      time.split('–').map(Number),
    );
    expect(times).toHaveLength(10);
    expect([times[0]?.[0], times.at(-1)?.[1]]).toEqual([0, 90]);
    times.slice(1).forEach(([start], index) => expect(start).toBe(times[index]?.[1]));
  });

  test('has every exercise once, in its block, with the command that checks it', () => {
    const parts = GUIDES.english.split(/^## (?=Block)/m).slice(1);
    for (const { number, block, answer } of EXERCISES) {
      const part = parts.find((one) => one.startsWith(`Block ${block} `)) ?? '';
      expect(exercises(part), `block ${block}`).toEqual([String(number)]);
      const flag = answer === null ? '' : ' --answer N';
      expect(code(part).at(-1)).toBe(`npm run lab -- exercise ${number}${flag}\n`);
    }
    expect(exercises(GUIDES.english)).toEqual(EXERCISES.map(({ number }) => String(number)));
    expect(firstCells(GUIDES.english, 'exercise').slice(1)).toEqual(
      EXERCISES.map(({ number }) => String(number)),
    );
  });

  test('its links name settings that the page takes as they are, with policies that exist', () => {
    const hashes = links(GUIDES.english).flatMap((link) => link.split('#').slice(1));
    expect(hashes.length).toBeGreaterThan(25);
    for (const hash of hashes) {
      const knobs = knobsOf(hash);
      expect(knobs, hash).not.toBeNull();
      if (knobs === null) continue;
      // What the page would leave out, as misspelt or out of range, would be missing here.
      const named = [...new URLSearchParams(hash).keys()];
      const kept = [...new URLSearchParams(hashOf(knobs)).keys()];
      expect(kept.length === named.length || hash === 'preset=uncached', hash).toBe(true);
      expect(
        PRESETS.map(({ name }) => name),
        hash,
      ).toContain(knobs.preset);
    }
  });

  test.each(Object.entries(GUIDES))('the %s one shows of each link what it sets', (_, text) => {
    const shown = [...text.matchAll(/\[`(#[^`]+)`\]\(http:\/\/127\.0\.0\.1:4000\/(#[^)]+)\)/g)];
    expect(shown.length).toBeGreaterThan(25);
    for (const [, words = '', target = ''] of shown) {
      expect(target.replaceAll('%2B', '+')).toBe(words);
    }
  });

  test.each([
    ['en', GUIDES.english],
    ['zh', GUIDES.chinese],
  ] as const)(
    'the words of the page that the %s one quotes stand on the page',
    (language, text) => {
      const quoted = all(text, /(?<!\*)\*([^*\n]+)\*(?!\*)/g);
      expect(quoted.length).toBeGreaterThan(15);
      const words: readonly string[] = Object.values(WORDS[language]);
      expect(quoted.filter((word) => !words.includes(word))).toEqual([]);
    },
  );

  test('in Chinese has the same blocks, times, commands, exercises, links and troubles', () => {
    const { english, chinese } = GUIDES;
    expect(blocks(chinese)).toEqual(blocks(english));
    expect(code(chinese)).toEqual(code(english));
    expect(exercises(chinese)).toEqual(exercises(english));
    expect(links(chinese)).toEqual(links(english));
    const errors = (text: string): string[] => all(text, /\b(E_[A-Z0-9_]+)\b/g);
    expect(errors(chinese)).toEqual(errors(english));
    expect(firstCells(chinese, '你看到')).toHaveLength(firstCells(english, 'what you see').length);
    const steps = (text: string): string[] => all(text, /^(\d\.) /gm);
    expect(steps(chinese)).toEqual(steps(english));
    for (const name of ['小店通', '老张餐馆']) expect(chinese).toContain(name);
  });

  test('in Chinese gives the same figures', () => {
    const figures = (text: string): string[] =>
      all(text.replaceAll(/\(http[^)]*\)|`[^`]*`/g, ''), /(\d[\d,]*\.\d+|\d,\d{3}|\b\d{3,}\b)/g);
    expect(figures(GUIDES.chinese).toSorted()).toEqual(figures(GUIDES.english).toSorted());
  });
});

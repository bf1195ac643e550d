import { expect, test } from 'vitest';
import { armStyles, cssVariables, POLICY_STYLES, resolveColours } from './palette.ts';

test('no two policies share both colour and dash, nor colour and marker', () => {
  const looks = Object.values(POLICY_STYLES);
  expect(new Set(looks.map(({ colour, dash }) => colour + dash.join())).size).toBe(looks.length);
  expect(new Set(looks.map(({ colour, marker }) => colour + marker)).size).toBe(looks.length);
});

test('every colour variable of a style has a light and a dark value', () => {
  for (const { colour } of Object.values(POLICY_STYLES)) {
    const name = colour.slice('var('.length, -1);
    expect(cssVariables('light')).toContain(`${name}:#`);
    expect(cssVariables('dark')).toContain(`${name}:#`);
  }
});

test('an A/A twin has its twin’s colour, dashed and hollow', () => {
  const styles = armStyles([
    { arm: 'cached', policy: 'cached', role: 'candidate' },
    { arm: 'cached-again', policy: 'cached', role: 'repeat' },
  ]);
  const [first, again] = [styles.get('cached'), styles.get('cached-again')];
  expect(again?.colour).toBe(first?.colour);
  expect(again?.filled).toBe(false);
  expect(again?.dash).not.toEqual(first?.dash);
});

test('12 arms of one policy and arms of unknown policies all look different', () => {
  const arms = Array.from({ length: 12 }, (_, index) => ({
    arm: `r${index}`,
    policy: index < 10 ? 'uncached' : `own-${index}`,
    role: 'candidate' as const,
  }));
  const looks = [...armStyles(arms).values()].map(({ colour, dash, marker }) =>
    [colour, dash, marker].join(),
  );
  expect(new Set(looks).size).toBe(12);
});

test('a file of its own has no CSS variable left', () => {
  expect(resolveColours('<path fill="var(--grey)" stroke="var(--ink)"/>')).toBe(
    '<path fill="#76808c" stroke="#16191d"/>',
  );
});

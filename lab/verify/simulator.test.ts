import { expect, test } from 'vitest';
import type { TheoryCheck } from '../result.ts';
import { judgePredictions } from './simulator.ts';

function check(quantity: string, agrees: boolean | null): TheoryCheck {
  return {
    ...{
      arm: 'an arm',
      quantity,
      unit: '',
      formula: 'simulated',
      agrees,
      note: '95 % band: 1 to 2',
    },
    theory: 1.5,
    measured: { value: agrees === true ? 1.6 : 3, interval: null, n: 1 },
  };
}

const analysed = (theory: TheoryCheck[]) => ({ theory, armsWithoutData: ['slow'] });

const SERVICE = ['share of old pages, all', 'loads per expiry', 'SELECTs in the highest second'];
const hits = (count: number, agrees: boolean): TheoryCheck[] =>
  Array.from({ length: count }, () => check('hit ratio, all', agrees));
const rest = SERVICE.map((quantity) => check(quantity, true));

test('27 of 30 cells as predicted pass, 26 do not', () => {
  expect(judgePredictions(analysed([...hits(24, true), ...hits(3, false), ...rest])).passed).toBe(
    true,
  );
  const { passed, lines } = judgePredictions(
    analysed([...hits(23, true), ...hits(4, false), ...rest]),
  );
  expect(passed).toBe(false);
  expect(lines[0]).toContain('in 26 of 30 cells');
  expect(lines.filter((line) => line.endsWith('outside'))).toHaveLength(4);
  expect(lines).toContain('slow: no valid trial');
});

test('too few cells fail, however well they fit', () => {
  expect(judgePredictions(analysed([...hits(21, true), ...rest])).passed).toBe(false);
  expect(judgePredictions(undefined).passed).toBe(false);
});

test('a part of the simulator without a judged cell fails and is named', () => {
  const wide = SERVICE.map((quantity) =>
    check(quantity, quantity === 'loads per expiry' ? null : true),
  );
  const { passed, lines } = judgePredictions(analysed([...hits(40, true), ...wide]));
  expect(passed).toBe(false);
  expect(lines.some((line) => line.startsWith('loads per expiry…'))).toBe(true);
  expect(lines.filter((line) => line.endsWith('not judged'))).toHaveLength(1);
});

import { expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { exerciseCommand } from './exercise.ts';

test.each([
  ['9', undefined, ['there is no exercise "9"', '1 to 8']],
  ['nosuch', 'x', ['no exercise "nosuch"', '--answer must be a number, not "x"']],
  ['1', undefined, ['exercise 1 asks for --answer', 'SELECTs from 0 to 10000']],
  ['1', ' ', ['--answer must be a number, not " "']],
  ['2', '140', ['a number of % from 0 to 100, not 140']],
  ['5', '1', ['exercise 5 takes no --answer']],
  [undefined, '114', ['give its number too']],
])(
  'exercise %s with answer %s is refused with every reason at once',
  async (number, answer, reasons) => {
    const flags = answer === undefined ? {} : { answer };
    const refusal = await exerciseCommand(number, flags).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LabError);
    expect(refusal).toMatchObject({ code: 'E_BAD_OPTIONS', exitCode: 2 });
    for (const reason of reasons) expect((refusal as LabError).message).toContain(reason);
  },
);

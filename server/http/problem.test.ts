import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseOrRefuse, Problem, toProblem } from './problem.ts';

describe('what becomes of an error', () => {
  test('an unexpected one is a 500 that says nothing of its message or stack', () => {
    const problem = toProblem(new Error('password of the database is hunter2'));
    expect(problem).toMatchObject({ status: 500, errors: [], headers: {} });
    expect(problem.message).not.toMatch(/hunter2/);
  });

  test('thrown values that are no errors are a 500 too', () => {
    expect(toProblem('text').status).toBe(500);
    expect(toProblem(undefined).status).toBe(500);
  });

  test.each([
    [Object.assign(new Error('x'), { status: 400, type: 'entity.parse.failed' }), 400],
    [Object.assign(new Error('x'), { status: 413, type: 'entity.too.large' }), 413],
    [Object.assign(new Error('x'), { status: 415, type: 'charset.unsupported' }), 415],
    [new URIError('x'), 400],
    [Object.assign(new Error('x'), { status: 502 }), 500],
    [new Problem(423, 'x'), 423],
  ])('%s is %i', (error, status) => {
    expect(toProblem(error).status).toBe(status);
  });
});

test('a refusal names every wrong field with its value, shortened, and what is allowed', () => {
  const schema = z.object({ price: z.number('a number'), name: z.string('a text') });
  const input = { price: 'x'.repeat(500) };
  const refuse = (): unknown => parseOrRefuse(schema, input, 'body');
  expect(refuse).toThrow(
    /^body\.price is "x{56}…; allowed: a number; body\.name is missing; allowed: a text$/,
  );
});

import { expect, test } from 'vitest';
import { actionName, predictionBody, sentenceBody } from './bodies.ts';
import { ControlError, readBody } from './control-error.ts';

/** The refusal of a body. */
function refused(read: () => unknown): ControlError {
  try {
    read();
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

test('a body is refused with every wrong value and unknown name at once, about the first', () => {
  const { status, message, about } = refused(() => {
    return readBody(predictionBody, { id: 'weather', who: 'a-browser-1', value: 'much', extra: 1 });
  });
  expect({ status, about }).toEqual({ status: 400, about: 'id' });
  for (const part of ['id is "weather"; allowed: hit-ratio, ', 'value is "much"', '"extra"']) {
    expect(message).toContain(part);
  }
});

test.each([[null], [[]], ['text'], [undefined]])(
  'a body that is %j is refused as a whole',
  (body) => {
    expect(refused(() => readBody(sentenceBody, body)).message).toContain('the body');
  },
);

test('a long value comes back cut to 40 characters', () => {
  const { message } = refused(() => readBody(actionName, { action: '<script>'.repeat(100) }));
  expect(message.length).toBeLessThan(300);
  expect(message).toContain('edit-price, expire-now');
});

test('a prediction needs a known question, 8 to 40 plain characters of who, and a finite number', () => {
  const good = { id: 'hit-ratio', who: 'a-browser-1', value: 90 };
  expect(readBody(predictionBody, good)).toEqual(good);
  for (const change of [
    { id: 'weather' },
    { who: 'short' },
    { who: '<b>bold</b>' },
    { value: '90' },
    { value: null },
  ]) {
    expect(refused(() => readBody(predictionBody, { ...good, ...change })).about).toBe(
      Object.keys(change)[0],
    );
  }
});

test('a sentence is taken with and without the two numbers that only one of them has', () => {
  const good = {
    sentence: 'avalanche-peak',
    ttlSeconds: 10,
    readsPerSecond: 20,
    editsPerMinute: 0,
    loadMs: 100,
  };
  expect(readBody(sentenceBody, good)).toEqual(good);
  expect(readBody(sentenceBody, { ...good, copies: 200, jitter: 0.1 })).toMatchObject({
    copies: 200,
  });
  expect(refused(() => readBody(sentenceBody, { ...good, copies: 'many' })).about).toBe('copies');
});

import { expect, test } from 'vitest';
import { scrub } from './scrub.ts';

test('absolute paths are cut to their last part, on every system', () => {
  expect(scrub('spawn /home/li/cachelab/bin/k6 failed', [])).toBe('spawn …/k6 failed');
  expect(scrub('in C:\\Users\\li\\k6.exe, line 3', [])).toBe('in …/k6.exe, line 3');
  expect(scrub('PATH=/usr/bin/redis-server', [])).toBe('PATH=…/redis-server');
});

test('URLs and paths of pages stay as they are', () => {
  const text = 'GET http://127.0.0.1:3000/stores/lao-zhang/catalog and /stores/x/catalog 1/421';
  expect(scrub(text, [])).toBe(text);
});

test('a host name is replaced as a whole word, a plain word never', () => {
  expect(scrub('dial ci-runner-7: refused by my-ci-runner-7', ['ci-runner-7'])).toBe(
    'dial this-host: refused by my-ci-runner-7',
  );
  expect(scrub('redis and localhost', ['redis', 'localhost'])).toBe('redis and localhost');
});

test('every string of a result is cleaned, and nothing else changes', () => {
  const run = { a: [1, null, 'x /tmp/cachelab-3/log'], b: { c: true } };
  expect(scrub(run, [])).toEqual({ a: [1, null, 'x …/log'], b: { c: true } });
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Question, Sample } from '../contract.ts';
import { History } from './history.ts';
import { fullestSecond } from './runs.ts';

const START_MS = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

function facts(atMs: number): Omit<Sample, 'id'> {
  return {
    ...{ atMs, spanMs: 250, requests: 1, errors: 0, p50Ms: 1, p99Ms: 2, hitRatio: 1 },
    ...{ loadsInFlight: 0, waiting: 0, selectsPerSecond: 0, ageMaxMs: null, ageP50Ms: null },
    ...{ staleShare: null, stalestMs: 0, loads: 0, redis: null },
  };
}

/** As the room does: a sample every 250 ms. */
function play(history: History, seconds: number): void {
  for (let index = 0; index < seconds * 4; index += 1) {
    vi.advanceTimersByTime(250);
    history.sample(facts(Date.now()));
  }
}

test('whoever comes back gets the samples and marks of the last 120 s, numbered without a gap', () => {
  const history = new History();
  history.mark({ kind: 'action', what: 'flood', detail: '' });
  play(history, 100);
  history.mark({ kind: 'action', what: 'edit-price', detail: '150→120' });
  play(history, 100);
  const { samples, marks } = history.recent();
  expect(samples).toHaveLength(480);
  expect(samples.map(({ id }) => id)).toEqual(Array.from({ length: 480 }, (_, at) => 321 + at));
  expect(marks).toEqual([
    { id: 2, atMs: START_MS + 100_000, kind: 'action', what: 'edit-price', detail: '150→120' },
  ]);
});

test('the take-home has one sample a second with all that was counted, every mark, and the question that is open', () => {
  const history = new History();
  history.mark({ kind: 'action', what: 'flood', detail: '' });
  play(history, 300);
  const question: Question = {
    ...{ id: 'hit-ratio', askedAtMs: 0, predictions: [], state: 'open', answer: null, how: '' },
  };
  const { samples, marks, questions } = history.all(question);
  expect(samples).toHaveLength(300);
  expect(samples.every(({ requests, spanMs }) => requests === 4 && spanMs === 1000)).toBe(true);
  expect(marks).toHaveLength(1);
  expect(questions).toHaveLength(1);
});

test('after 4 h the oldest second goes for each that comes: the memory has an end', () => {
  const history = new History();
  play(history, 4 * 3600 + 10);
  const { samples } = history.all(null);
  expect(samples).toHaveLength(4 * 3600);
  expect(samples[0]?.atMs).toBe(START_MS + 11_000);
});

test('the fullest second of an avalanche is looked for at every beginning', () => {
  expect(fullestSecond([])).toBe(0);
  expect(fullestSecond([900_000, 0, 1_000_000, 1_800_000])).toBe(3);
});

import { beforeEach, describe, expect, test } from 'vitest';
import { FIRST_KNOBS, type Mark, type RoomState, type Sample } from '../contract.ts';
import { KEPT_MS, Store } from './store.ts';
import { TimeWindow, WINDOW_MS } from './time-window.ts';

function sample(id: number, atMs = id * 250): Sample {
  return {
    id,
    atMs,
    spanMs: 250,
    requests: 1,
    errors: 0,
    p50Ms: 1,
    p99Ms: 2,
    hitRatio: 1,
    loadsInFlight: 0,
    waiting: 0,
    selectsPerSecond: 0,
    ageMaxMs: 1,
    ageP50Ms: 1,
    staleShare: 0,
    stalestMs: 0,
    loads: 0,
    redis: null,
  };
}

function state(version: number, openedAtMs = 1): RoomState {
  return {
    version,
    knobs: FIRST_KNOBS,
    policy: { name: '', title: '', description: '', invalidation: '' },
    services: { app: 'up', redis: 'up', postgres: 'up', listener: 'unused', load: 'up' },
    circuit: 'closed',
    price: 150,
    question: null,
    measuring: false,
    people: 1,
    openedAtMs,
  };
}

const mark = (id: number): Mark => ({ id, atMs: id, kind: 'action', what: 'flood', detail: '' });

let store: Store;
beforeEach(() => {
  store = new Store();
});

describe('what the page knows of the room', () => {
  test('a replay after a lost connection leaves no sample out and takes none twice', () => {
    store.hello({ samples: [1, 2, 3].map((id) => sample(id)), marks: [], state: state(1) });
    store.hello({ samples: [2, 3, 4].map((id) => sample(id)), marks: [], state: state(1) });
    expect(store.samples.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test('a state that was overtaken by a newer one changes nothing', () => {
    store.stateIs(state(5));
    store.stateIs(state(4));
    expect(store.state?.version).toBe(5);
  });

  test('a room that was opened anew counts from 1 again, and nothing of the old one stays', () => {
    store.hello({ samples: [sample(900)], marks: [mark(7)], state: state(50, 1) });
    store.hello({ samples: [sample(1)], marks: [], state: state(1, 2) });
    expect(store.samples.map(({ id }) => id)).toEqual([1]);
    expect(store.marks).toEqual([]);
    expect(store.state?.version).toBe(1);
  });

  test('a mark that came as an answer and on the stream stands once', () => {
    let told = 0;
    store.on('mark', () => {
      told += 1;
    });
    store.mark(mark(2));
    store.mark(mark(1));
    store.mark(mark(2));
    expect(store.marks.map(({ id }) => id)).toEqual([1, 2]);
    expect(told).toBe(2);
  });

  test('an hour of samples keeps the last 120 s and a little', () => {
    for (let id = 1; id <= 14_400; id += 1) store.sample(sample(id));
    const kept = (store.samples.at(-1)?.atMs ?? 0) - (store.samples[0]?.atMs ?? 0);
    expect(kept).toBeGreaterThanOrEqual(KEPT_MS);
    expect(kept).toBeLessThanOrEqual(KEPT_MS + 5250);
  });
});

describe('the minute that the charts show', () => {
  beforeEach(() => {
    for (let id = 1; id <= 400; id += 1) store.sample(sample(id));
  });

  test('a pause holds it while samples go on coming, and resuming shows the newest again', () => {
    const view = new TimeWindow(store);
    view.pause();
    const { endMs } = view.frame();
    for (let id = 401; id <= 2000; id += 1) store.sample(sample(id));
    expect(view.frame().endMs).toBe(endMs);
    expect(view.frame().samples).toHaveLength(242);
    view.resume();
    expect(view.frame().endMs).toBe(2000 * 250);
  });

  test('scrubbing goes back as far as samples are held, and no further', () => {
    const view = new TimeWindow(store);
    view.scrub(1_000_000);
    expect(view.paused).toBe(true);
    expect(view.backMs).toBe(400 * 250 - 250 - WINDOW_MS);
    expect(view.frame().startMs).toBe(250);
  });

  test('a pinned minute keeps its place from the left edge while time goes on', () => {
    const view = new TimeWindow(store);
    view.togglePin();
    const { startMs } = view.frame();
    for (let id = 401; id <= 600; id += 1) store.sample(sample(id));
    expect(view.frame().ghost?.startMs).toBe(startMs);
    expect(view.frame().startMs).toBe(startMs + 50_000);
    view.togglePin();
    expect(view.frame().ghost).toBeNull();
  });
});

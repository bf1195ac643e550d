import { expect, test } from 'vitest';
import { journalOf } from '../../lab/oracle/fixtures/journals.ts';
import { judgeStaleness } from '../../lab/oracle/staleness.ts';
import { afterHeal } from './after-heal.ts';

/** A change at 100 ms, a heal at 1000 ms; the old page until the given moment, then the new one. */
function windowOf(lastStaleAtMs: number, healUs: number | null): number[] {
  const times = Array.from({ length: 40 }, (_, index) => index * 50);
  const journal = journalOf({
    reads: times.map((at) => ({ at, version: at <= lastStaleAtMs ? 1 : 2 })),
    writes: [{ ack: 100, version: 2 }],
  });
  const history = afterHeal({ journals: [journal], outside: [] }, healUs);
  return judgeStaleness(history.journals, { outside: history.outside }).windowsMs;
}

test('a page that is old for 1100 ms after its change is old for 200 ms after a heal at 1000 ms', () => {
  expect(windowOf(1200, null)).toEqual([1100]);
  expect(windowOf(1200, 1_000_000)).toEqual([200]);
});

test('what was repaired before the heal has no window, and a heal before the change moves nothing', () => {
  expect(windowOf(900, 1_000_000)).toEqual([0]);
  expect(windowOf(1200, 50_000)).toEqual([1100]);
});

test('changes by psql are shifted too, and the given history is left as it is', () => {
  const outside = [{ slug: 'a', product: 1, sendUs: 0, ackUs: 100, version: 2 }];
  expect(afterHeal({ journals: [], outside }, 5000).outside[0]?.ackUs).toBe(5000);
  expect(outside[0]?.ackUs).toBe(100);
});

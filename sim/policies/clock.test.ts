import { test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { clock } from './clock.ts';

test('CLOCK hits where a ring of pages with a reference bit and a hand hits', () => {
  expectAgreement(clock, (capacity, roomOf) => {
    const ring: { id: number; referenced: boolean }[] = [];
    let hand = 0;
    const used = (): number => ring.reduce((sum, { id }) => sum + roomOf(id), 0);
    return (id) => {
      const page = ring.find((one) => one.id === id);
      if (page !== undefined) {
        page.referenced = true;
        return true;
      }
      if (roomOf(id) > capacity) return false;
      while (used() + roomOf(id) > capacity) {
        const under = ring[hand]!;
        if (under.referenced) {
          under.referenced = false;
          hand += 1;
        } else ring.splice(hand, 1);
        if (hand >= ring.length) hand = 0;
      }
      // Just behind the hand, so that it is the last that the hand comes to.
      ring.splice(hand, 0, { id, referenced: false });
      hand = (hand + 1) % ring.length;
      return false;
    };
  });
});

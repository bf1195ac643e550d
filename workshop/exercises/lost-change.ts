import type { View } from '../contract.ts';
import { notSet, type SettingExercise, type Verdict } from './exercise.ts';
import { lasting, type Workshop } from './workshop.ts';

const PATIENCE_MS = 5000;

/** Block 4: a change that nobody heard. */
export const lostChange: SettingExercise = {
  number: 4,
  block: 4,
  title: 'A change that nobody heard',
  task: 'Somebody changes the price in SQL, past the server, while the listener is dead. Find a setting that shows the new price within 5 s after the listener is back, and still answers from a copy.',
  seconds: 12,
  answer: null,
  check: async (workshop: Workshop): Promise<Verdict> => {
    const before = await workshop.state();
    if (before.services.listener === 'down') {
      return notSet(['The listener is down already.'], 'Bring it back with key 7.');
    }
    const hasListener = before.services.listener !== 'unused';
    // A second view meets the copy that the first one left, where there is one.
    await workshop.view();
    const copied = await workshop.view();
    try {
      if (hasListener) await workshop.act('drop-listener');
      await workshop.act('edit-behind');
      if (hasListener) await workshop.act('bring-listener-back');
      await workshop.watch(lasting(PATIENCE_MS));
      const { price } = await workshop.state();
      return judgeLostChange({ hasListener, copied, after: await workshop.view(), price });
    } finally {
      if (hasListener) await workshop.undo('bring-listener-back');
      await workshop.putPriceBack(before.price);
    }
  },
};

/** @param price - As the database has it. */
export function judgeLostChange(seen: {
  hasListener: boolean;
  copied: View;
  after: View;
  price: number;
}): Verdict {
  const { hasListener, copied, after, price } = seen;
  const fromCopy = copied.queries.length < 2; // version-key asks one question on a hit
  const isNew = after.price === price;
  return {
    passed: fromCopy && isNew,
    did: `${hasListener ? 'Killed the listener, changed' : 'Changed'} the price in SQL, ${hasListener ? 'started the listener again, ' : ''}waited ${PATIENCE_MS / 1000} s and looked; then put the price back.`,
    saw: [
      `The database has ¥${price}, the page shows ¥${after.price ?? '?'}: ${isNew ? 'the change arrived' : 'the change is lost'}.`,
      `Before the change a view ran ${copied.queries.length} queries${fromCopy ? '' : ': this answers from no copy, which is no answer to the question'}.`,
      ...(hasListener ? [] : ['This policy has no listener that could hear of it.']),
    ],
    lookAt:
      'NOTIFY reaches those who listen at that moment; a row in a table waits. And what would a TTL of 5 s have cost you?',
  };
}

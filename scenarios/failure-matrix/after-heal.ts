import type { OutsideWrite } from '../../lab/oracle/rows.ts';
import type { Journal } from '../../lab/server-protocol.ts';

/**
 * The same history as if every change had been acknowledged no earlier than the heal: what the oracle then calls stale is
 * stale in spite of the heal, and its windows begin there.
 * @param healUs - Null leaves all as it is.
 */
export function afterHeal(
  history: { journals: readonly Journal[]; outside: readonly OutsideWrite[] },
  healUs: number | null,
): { journals: Journal[]; outside: OutsideWrite[] } {
  const later = (atUs: number): number => Math.max(atUs, healUs ?? -Infinity);
  return {
    journals: history.journals.map((journal) => ({
      ...journal,
      writes: {
        ...journal.writes,
        ackUs: journal.writes.ackUs.map(later),
        doneUs: journal.writes.doneUs.map(later),
      },
    })),
    outside: history.outside.map((write) => ({ ...write, ackUs: later(write.ackUs) })),
  };
}

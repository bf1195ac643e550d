import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Journal } from '../../lab/server-protocol.ts';
import { type Edited, editTwice, pageMsOf, type Round, ROUND_MS, storesOf } from './rounds.ts';

/** Stores on which rounds run side by side. */
const STORES = 4;
/** Fewer rounds than this are no trial. */
const LEAST_ROUNDS = 3;

/** Readers on a schedule; on each of a few stores one round after the other, until the measured phase is over. */
export const protocol: Protocol = {
  seconds: (_arm, { warmSeconds, measureSeconds }) => warmSeconds + measureSeconds + 3,

  async run(hands) {
    const stores: Edited[] = [];
    // Side by side, as they are built later.
    const found = await storesOf(hands, STORES);
    const pageMs = await Promise.all(found.map(({ slug }) => pageMsOf(hands, slug)));
    for (const [at, store] of found.entries()) stores.push({ ...store, pageMs: pageMs[at]! });
    const running = hands.load({ extra: { slugs: stores.map(({ slug }) => slug) } });
    await running.measureBegins;
    const endUs = hands.nowUs() + hands.design.measureSeconds * 1e6;
    const rounds = (await Promise.all(stores.map((store) => roundsOf(hands, store, endUs)))).flat();
    const load = await running.done;
    const journals = await hands.journals();
    const { cacheEvents } = await hands.stats();
    const done = rounds.filter((round) => round !== null);
    const stuck = done.filter((round) => round.stuck).length;
    const problems =
      done.length < LEAST_ROUNDS
        ? [
            `${done.length} rounds came about, ${rounds.length - done.length} did not: no fresh copy, or a refused edit`,
          ]
        : [];
    return {
      load,
      problems,
      findings: {
        totals: {
          rounds: done.length,
          stuckRounds: stuck,
          overtakenRounds: done.filter((round) => wasOvertaken(round, journals)).length,
          lostRounds: rounds.length - done.length,
          refusedFills: cacheEvents['fill-refused'] ?? 0,
        },
        samples: { pageMs: stores.map((store) => store.pageMs) },
        series: [],
        notes: [],
      },
    };
  },
};

async function roundsOf(hands: Hands, store: Edited, endUs: number): Promise<(Round | null)[]> {
  const rounds: (Round | null)[] = [];
  while (hands.nowUs() + ROUND_MS * 1000 < endUs) rounds.push(await editTwice(hands, store));
  return rounds;
}

/** A load was under way at the second edit: it had begun before, and ended after it. */
function wasOvertaken(
  { slug, secondSendUs, secondDoneUs }: Round,
  journals: readonly Journal[],
): boolean {
  return journals.some(({ slugs, loads }) =>
    loads.slug.some(
      (index, row) =>
        slugs[index] === slug &&
        loads.startUs[row]! < secondSendUs &&
        loads.endUs[row]! > secondDoneUs,
    ),
  );
}

import { judgeStaleness } from '../../lab/oracle/staleness.ts';
import type { Protocol } from '../../lab/protocol.ts';
import { storeSlug } from '../lib/stores.ts';
import { afterHeal } from './after-heal.ts';
import { FAULTS, type Fault, STORES } from './arms.ts';
import { openChanges } from './changes.ts';
import { faultyLink, SCRIPTS } from './faults.ts';

/** From the beginning of the measured phase to the fault: every store has a copy. */
const QUIET_MS = 500;
const SETTLE_MS = 200;

/** Steady readers, one fault, one change of each store, then quiet: who still sees the old prices? */
export const protocol: Protocol = {
  // Arrivals are spread by a random pause of up to a second.
  seconds: (_arm, { warmSeconds, measureSeconds }) => warmSeconds + measureSeconds + 1.2,

  async run(hands) {
    const slugs = Array.from({ length: STORES }, (_, index) => storeSlug(index + 1));
    const fault = hands.arm.parameters?.['fault'];
    if (!isFault(fault)) throw new Error(`unknown fault: ${String(fault)}`);
    const changes = await openChanges(hands, slugs);
    if (changes.dishes.length < STORES) throw new Error(`the database has no ${STORES} stores`);
    const link = await faultyLink(hands, fault);
    for (const slug of slugs) await hands.servers[0]!.page(`/stores/${slug}/catalog`);

    const running = hands.load({ extra: { stores: STORES } });
    await running.measureBegins;
    await hands.sleep(QUIET_MS);
    const problems: string[] = [];
    const copies = await hands.redis.exists(...slugs.map((slug) => hands.catalogKey(slug)));
    if (copies < STORES && hands.arm.policy !== 'short-ttl')
      problems.push(`only ${copies} of ${STORES} stores had a copy before the fault`);
    const { healUs } = await SCRIPTS[fault](hands, changes, link);
    const load = await running.done;
    await hands.sleep(SETTLE_MS);

    const history = { journals: await hands.journals(), outside: changes.outside };
    const whole = judgeStaleness(history.journals, { outside: history.outside });
    const { journals, outside } = afterHeal(history, healUs);
    const judged = judgeStaleness(journals, { outside });
    const expected = fault === 'app-killed' ? 1 : STORES;
    if (judged.writes !== expected)
      problems.push(`${judged.writes} changes were made, not ${expected}`);
    if (judged.unobserved > 0)
      problems.push(`${judged.unobserved} changes were followed by no reader`);
    return {
      load,
      problems,
      findings: {
        totals: {
          reads: whole.reads,
          staleReads: whole.staleReads,
          writes: judged.writes,
          lost: judged.windowsOpen,
        },
        samples: {
          repairMs: judged.windowsMs,
          openMs: judged.openMs,
          longestAgeMs: [whole.agesMs.at(-1) ?? 0],
        },
        series: [],
        notes: [],
      },
    };
  },
};

function isFault(name: unknown): name is Fault {
  return typeof name === 'string' && Object.hasOwn(FAULTS, name);
}

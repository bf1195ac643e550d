import { judgeStaleness } from '../../lab/oracle/staleness.ts';
import type { Arm, ProfileDesign } from '../../lab/experiment.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import { stalenessBoundMs } from '../../server/cache/staleness-bound.ts';
import { dishesOf, editPrices } from './editor.ts';
import { findingsOf, longestLoadMs } from './findings.ts';

/** The measured phase ends with quiet, so that windows can close. */
const QUIET_SECONDS = 1;
/** Edits through a server are in its journal when it has done the policy's part; a delayed second DEL may come later. */
const SETTLE_MS = 200;

/** Generously, from an edit to the DEL by a process of its own: the outbox is looked at every 200 ms at least. */
const INVALIDATOR_LAG_MS = 500;

/** Readers on a schedule, the owner's edits at Poisson moments beside them, then the oracle over all journals. */
export const protocol: Protocol = {
  seconds: (_arm: Arm, { warmSeconds, measureSeconds }: ProfileDesign): number =>
    // Arrivals are spread by a random pause of up to a second.
    warmSeconds + measureSeconds + 1.2,

  async run(hands) {
    const { parameters = {}, updatesPerSecond = 0, overrides = {} } = hands.arm;
    const stores = Number(parameters['stores'] ?? 1);
    const dishes = await dishesOf(hands, slugsOf(stores));
    const editedSeconds = hands.design.measureSeconds - QUIET_SECONDS;
    const running = hands.load({ extra: { stores } });
    await running.measureBegins;
    const edited = await editPrices(hands, dishes, {
      perSecond: updatesPerSecond,
      seconds: editedSeconds,
      writer: parameters['writer'] === 'psql' ? 'psql' : 'app',
    });
    const load = await running.done;
    await hands.sleep(SETTLE_MS);
    const journals = await hands.journals();
    const { cacheEvents } = await hands.stats();
    const pages = overrides['isolation'] === 'read-committed' ? 'by dish' : 'snapshot';
    const facts = {
      pages,
      outside: edited.outside,
      invalidationLagMs: hands.invalidator === null ? 0 : INVALIDATOR_LAG_MS,
    } as const;
    const made = edited.edits - edited.failed;
    // A refused edit changed nothing; too few of them leave nothing to judge.
    const problems =
      made <= edited.edits / 2 ? [`${made} of ${edited.edits} price edits were made`] : [];
    return {
      load,
      problems,
      findings: findingsOf({
        judged: judgeStaleness(journals, { ...facts, measuredOnly: true }),
        everybody: judgeStaleness(journals, facts),
        edited,
        journals,
        refusedFills: cacheEvents['fill-refused'] ?? 0,
        editedSeconds,
        boundMs: await boundMs(hands, longestLoadMs(journals)),
      }),
    };
  },
};

/** The longest staleness that the policy in force promises, given loads as long as the longest; null: no promise. */
async function boundMs(hands: Hands, loadMs: number): Promise<number | null> {
  const answer = await hands.servers[0]!.page('/lab/policy');
  const { settings } = JSON.parse(answer.body.toString('utf8')) as {
    settings: Parameters<typeof stalenessBoundMs>[0];
  };
  return stalenessBoundMs(settings, loadMs);
}

/** The restaurant, or as many of the platform's other stores. */
function slugsOf(stores: number): string[] {
  if (stores === 1) return ['lao-zhang'];
  return Array.from(
    { length: stores },
    (_, index) => `store-${String(index + 1).padStart(5, '0')}`,
  );
}

import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Journal } from '../../lab/server-protocol.ts';
import { judgeStaleness } from '../../lab/oracle/staleness.ts';
import { stalenessBoundMs } from '../../server/cache/staleness-bound.ts';
import { pageTimes } from '../stampede/bursts.ts';
import {
  between,
  figuresOf,
  historyOf,
  loadsByExpiry,
  spanOf,
  tailOf,
} from '../stampede/expiries.ts';
import { clockOf, endCopyIn, loadsDone, SLUG, timedLoadMs } from '../stampede/hot-page.ts';
import { Record } from '../stampede/record.ts';

/** Until the first expiry of copies that live for seconds. */
const FIRST_LIFE_MS = 4000;
/** A change takes the copy away within this time of its COMMIT: the invalidator's poll and a generous way. */
const DELIVERY_US = 1_000_000;

/** Readers on a schedule, price updates in the arms that have them; expiries by time and by change are kept apart. */
export const protocol: Protocol = {
  async run(hands) {
    const toUs = clockOf(hands);
    await timedLoadMs(hands);
    if (hands.arm.parameters?.['expires'] === true) await endCopyIn(hands, FIRST_LIFE_MS);
    const load = await hands.load({}).done;
    await loadsDone(hands);
    const journals = await hands.journals();
    const history = historyOf(journals, SLUG);
    const record = new Record();
    const { window } = load;
    if (window === null) return { load, findings: record.findings(), problems: ['no page came'] };
    const [fromUs, untilUs] = [toUs(window.startMs), toUs(window.endMs)];
    const pages = pageTimes(load, toUs);
    const writes = writesOf(journals);
    let calmFromUs = fromUs;
    for (const loads of loadsByExpiry(history.loads)) {
      const span = spanOf(loads);
      if (span.fromUs >= fromUs && span.toUs <= untilUs) {
        const firstUs = loads[0]!.startUs;
        const changes = writes.filter(
          (ackUs) => ackUs >= firstUs - DELIVERY_US && ackUs <= span.toUs,
        ).length;
        const tail = tailOf(pages, span, calmFromUs);
        if (changes === 0) {
          const { reads } = between(history, span.fromUs, span.toUs);
          record.expiry(figuresOf({ reads, loads }));
          if (tail !== null) record.tail(tail);
        } else {
          record.sample('changesPerReload', changes);
          record.sample('loadsPerChange', loads.length);
          record.sample('p99RatioOfChange', tail?.ratio ?? null);
        }
      }
      calmFromUs = Math.max(calmFromUs, span.toUs);
    }
    const { reads } = between(history, fromUs, untilUs);
    record.add('reads', reads.length);
    record.add(
      'hits',
      reads.filter(({ outcome }) => outcome !== null && HITS.includes(outcome)).length,
    );
    const staleness = judgeStaleness(journals);
    record.add('writes', staleness.writes);
    record.add('staleReads', staleness.staleReads);
    record.sample('longestStaleMs', staleness.agesMs.at(-1) ?? 0);
    const loadMs = longest(history.loads);
    record.sample('longestLoadMs', loadMs);
    record.sample('staleBoundMs', await boundMs(hands, loadMs ?? 0));
    const { failed } = load.measurement.counts;
    return {
      load,
      findings: record.findings(),
      problems: failed > 0 ? [`${failed} pages failed`] : [],
    };
  },
};

/** Answered from a copy, old or new. */
const HITS: readonly string[] = ['hit', 'early', 'stale'];

/** What the policy in force promises, null: nothing. */
async function boundMs(hands: Hands, loadMs: number): Promise<number | null> {
  const answer = await hands.servers[0]?.page('/lab/policy');
  if (answer === undefined) return null;
  const { settings } = JSON.parse(answer.body.toString('utf8')) as {
    settings: Parameters<typeof stalenessBoundMs>[0];
  };
  return stalenessBoundMs(settings, loadMs);
}

/** When each change was acknowledged. */
function writesOf(journals: readonly Journal[]): number[] {
  return journals.flatMap(({ writes }) => writes.ackUs);
}

function longest(loads: readonly { startUs: number; endUs: number }[]): number | null {
  if (loads.length === 0) return null;
  return Math.max(...loads.map(({ startUs, endUs }) => endUs - startUs)) / 1000;
}

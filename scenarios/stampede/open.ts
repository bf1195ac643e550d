import type { Hands, ProtocolResult } from '../../lab/protocol.ts';
import { pageTimes } from './bursts.ts';
import { between, figuresOf, historyOf, loadsByExpiry, spanOf, tailOf } from './expiries.ts';
import type { PageTime } from './expiries.ts';
import { clockOf, endCopyIn, loadsDone, SLUG, timedLoadMs } from './hot-page.ts';
import { loadsInFlight, Record } from './record.ts';

/** Fewer expiries than this say nothing. */
const FEWEST_EXPIRIES = 2;

/** Until the first expiry: k6's start and the warm-up. */
const FIRST_LIFE_MS = 4000;

/** Readers on a schedule, and a copy that expires by itself again and again. */
export async function runOpen(hands: Hands): Promise<ProtocolResult> {
  const toUs = clockOf(hands);
  // The first readers are to find a copy: an empty cache under full load would be another experiment.
  await timedLoadMs(hands);
  await endCopyIn(hands, FIRST_LIFE_MS);
  const load = await hands.load({}).done;
  await loadsDone(hands);
  const history = historyOf(await hands.journals(), SLUG);
  const record = new Record();
  const { window } = load;
  if (window === null) return { load, findings: record.findings(), problems: ['no page came'] };
  const fromUs = toUs(window.startMs);
  const untilUs = toUs(window.endMs);
  const pages = pageTimes(load, toUs);
  const expiries: { atUs: number; loads: ReturnType<typeof loadsByExpiry>[number] }[] = [];
  let calmFromUs = fromUs;
  for (const loads of loadsByExpiry(history.loads)) {
    const span = spanOf(loads);
    const whole = span.fromUs >= fromUs && span.toUs <= untilUs;
    if (whole) {
      expiries.push({ atUs: loads[0]!.startUs, loads });
      record.expiry(figuresOf({ reads: between(history, span.fromUs, span.toUs).reads, loads }));
      const tail = tailOf(pages, span, calmFromUs);
      if (tail !== null) record.tail(tail);
    }
    calmFromUs = Math.max(calmFromUs, span.toUs);
  }
  const measured = between(history, fromUs, untilUs).reads.length;
  record.add('expiries', expiries.length);
  record.sample('readsPerSecond', measured / ((untilUs - fromUs) / 1e6));
  record.series('loadsInFlight', loadsInFlight(expiries));
  if (hands.arm.parameters?.['heat'] === true) record.series('response', heat(expiries, pages));
  const { cacheEvents } = await hands.stats();
  for (const [event, count] of Object.entries(cacheEvents)) record.add(`event ${event}`, count);
  const problems: string[] = [];
  const { failed } = load.measurement.counts;
  if (failed > 0) problems.push(`${failed} pages failed`);
  if (expiries.length < FEWEST_EXPIRIES)
    problems.push(`${expiries.length} expiries in the measured phase, at least ${FEWEST_EXPIRIES}`);
  return { load, findings: record.findings(), problems };
}

/** From so many seconds before an expiry to so many after it. */
const HEAT_SECONDS = [-0.5, 2] as const;

/** `[seconds since the expiry, response time in ms]` of the pages about each expiry. */
function heat(
  expiries: readonly { atUs: number }[],
  pages: readonly PageTime[],
): [number, number][] {
  return expiries
    .flatMap(({ atUs }) =>
      pages.map(({ startUs, responseMs }): [number, number] => [
        (startUs - atUs) / 1e6,
        responseMs,
      ]),
    )
    .filter(([second]) => second >= HEAT_SECONDS[0] && second <= HEAT_SECONDS[1])
    .sort(([a], [b]) => a - b);
}

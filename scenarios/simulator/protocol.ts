import { historyOf } from '../../lab/oracle/rows.ts';
import type { ProfileDesign } from '../../lab/experiment.ts';
import type { Hands, Protocol, ProtocolResult } from '../../lab/protocol.ts';
import { figure } from '../../lab/claims.ts';
import { designOf as avalancheDesign } from '../avalanche/plan.ts';
import { protocol as avalanche } from '../avalanche/protocol.ts';
import { meanUntilCopy } from '../hit-ratio/cycles.ts';
import { ALL, phasesOf, strataOf, trafficOf } from '../hit-ratio/grid.ts';
import { protocol as ttl } from '../hit-ratio/protocol.ts';
import { storeSlug } from '../lib/stores.ts';
import { historyOf as pageHistory, loadsByExpiry } from '../stampede/expiries.ts';
import { clockOf, SLUG } from '../stampede/hot-page.ts';
import { protocol as expiry } from '../stampede/protocol.ts';
import { designOf, modelOf } from './arms.ts';
import type { Model } from './arms.ts';
import { largestGap } from './cells.ts';
import { predictPeak } from './predict-avalanche.ts';
import { predictExpiries } from './predict-expiry.ts';
import { predictTtl } from './predict-ttl.ts';
import { addPredictions, type Prediction } from './predictions.ts';
import { roundTripsBySecond, worksOf } from './round-trips.ts';

/** Connections of a server process. */
const CONNECTIONS = 50;

/** What the simulation says of a trial, and in words what it was fed with. */
interface Predicted {
  predictions: Prediction[];
  fed: string;
}

/** A trial as the protocol that made it left it. */
interface Made {
  hands: Hands;
  result: ProtocolResult;
  /** Beginning of the measured phase on the clock of the journals. */
  fromUs: number;
}

const MODELS: Record<
  Model,
  { protocol: Protocol; predict: (made: Made) => Promise<Predicted | null> }
> = {
  ttl: { protocol: ttl, predict: ofTtl },
  expiry: { protocol: expiry, predict: ofExpiries },
  avalanche: { protocol: avalanche, predict: ofPeak },
};

/** Another experiment’s protocol, and then the simulation of the very trial that it made. */
export const protocol: Protocol = {
  seconds(arm, design) {
    const own = designOf(arm, design);
    const seconds = MODELS[modelOf(arm)].protocol.seconds?.(arm, own);
    return seconds ?? own.warmSeconds + own.measureSeconds;
  },
  async run(hands) {
    const model = MODELS[modelOf(hands.arm)];
    const watched = watch(hands, designOf(hands.arm, hands.design));
    const result = await model.protocol.run(watched.hands);
    const { findings } = result;
    const predicted = await model.predict({ ...watched, result, fromUs: watched.fromUs() });
    if (predicted === null) {
      const problem = 'nothing was loaded: there is no load time to simulate with';
      return { ...result, problems: [...result.problems, problem] };
    }
    addPredictions(findings, predicted.predictions);
    findings.notes.push(predicted.fed);
    const gap = largestGap(hands.arm, findings);
    if (gap !== null) findings.samples['gap'] = [gap];
    // Lines over time belong to the experiments whose arms these are.
    return { ...result, findings: { ...findings, series: [] } };
  },
};

/** The same hands with phases of the arm’s own, which notice when the measured phase begins. */
function watch(hands: Hands, design: ProfileDesign): { hands: Hands; fromUs: () => number } {
  const { warmSeconds, measureSeconds } = design;
  let fromUs = Number.NaN;
  return {
    fromUs: () => fromUs,
    hands: {
      ...hands,
      design,
      load(wanted) {
        const running = hands.load({ warmSeconds, measureSeconds, ...wanted });
        const note = async (): Promise<void> => {
          await running.measureBegins;
          fromUs = hands.nowUs();
        };
        void note();
        return running;
      },
    },
  };
}

async function ofTtl({ hands, result, fromUs }: Made): Promise<Predicted | null> {
  const { arm, design, seed } = hands;
  const traffic = trafficOf(arm.name);
  const loadSeconds = meanUntilCopy(result.findings.totals, strataOf(ALL));
  if (traffic === null || loadSeconds === null) return null;
  const { measureSeconds } = phasesOf(traffic, design);
  const window = { fromUs, toUs: fromUs + measureSeconds * 1e6 };
  const stores = historyOf(await hands.journals(), [], false);
  const loadMs = loadSeconds * 1000;
  const changes =
    traffic.updatesPerSecond === 0 ? 'none' : arm.policy === 'cached' ? 'ignored' : 'deleted';
  const predictions = predictTtl({
    ...{ stores, pages: traffic.stores, window, ttlMs: traffic.ttlMs, loadMs, changes, seed },
    coalesced: arm.policy === 'single-flight',
  });
  const own = changes === 'none' ? 'requests' : 'requests and changes';
  return {
    predictions,
    fed: `fed with the trial’s own ${own}, a load of ${figure(loadMs)} ms, ${traffic.stores} pages, TTL ${traffic.ttlMs / 1000} s`,
  };
}

async function ofExpiries({ hands, result }: Made): Promise<Predicted | null> {
  const { arm, seed } = hands;
  const window = result.load?.window ?? null;
  const [ratePerSecond] = result.findings.samples['readsPerSecond'] ?? [];
  if (window === null || ratePerSecond === undefined) return null;
  const toUs = clockOf(hands);
  const [fromUs, untilUs] = [toUs(window.startMs), toUs(window.endMs)];
  const history = pageHistory(await hands.journals(), SLUG);
  const whole = loadsByExpiry(history.loads).filter(
    (loads) =>
      loads[0]!.startUs >= fromUs && Math.max(...loads.map(({ endUs }) => endUs)) <= untilUs,
  );
  const [first] = whole;
  if (first === undefined) return null;
  const loadsMs = whole.flat().map(({ startUs, endUs }) => (endUs - startUs) / 1000);
  const meanMs = loadsMs.reduce((sum, ms) => sum + ms, 0) / loadsMs.length;
  const predictions = predictExpiries({
    ...{ arm, ratePerSecond, loadsMs, seed },
    firstLoadAtMs: (first[0]!.startUs - fromUs) / 1000,
    seconds: (untilUs - fromUs) / 1e6,
  });
  const processes = arm.processes ?? 1;
  return {
    predictions,
    fed: `fed with λ = ${figure(ratePerSecond)}/s, ${loadsMs.length} load times of mean ${figure(meanMs)} ms, P = ${processes}, TTL ${Number(arm.overrides?.['ttlMs']) / 1000} s`,
  };
}

async function ofPeak({ hands, fromUs }: Made): Promise<Predicted | null> {
  const { arm, design, seed } = hands;
  const [journal] = await hands.journals();
  if (journal === undefined) return null;
  const seconds = Math.floor(design.measureSeconds);
  const window = { fromUs, toUs: fromUs + seconds * 1e6 };
  const tripsBySecond = roundTripsBySecond(worksOf(journal, CONNECTIONS), window);
  const trips = tripsBySecond.flat();
  if (trips.length === 0) return null;
  const reads = journal.reads.startUs.filter((us) => us >= window.fromUs && us < window.toUs);
  const ratePerSecond = reads.length / seconds;
  const { stores, ttlMs } = avalancheDesign(arm);
  const meanMs = trips.reduce((sum, ms) => sum + ms, 0) / trips.length;
  return {
    predictions: predictPeak({
      ...{ arm, ratePerSecond, tripsBySecond, seconds, seed },
      selectsOfPage: selectsOfPage(journal, stores),
    }),
    fed: `fed with λ = ${figure(ratePerSecond)}/s, round trips of ${trips.length} loads, mean ${figure(meanMs)} ms, ${CONNECTIONS} connections, ${stores} pages, TTL ${ttlMs / 1000} s`,
  };
}

/** SELECTs that a load of each page took; every page was loaded once in the warm-up. */
function selectsOfPage(
  { slugs, loads }: Awaited<ReturnType<Hands['journals']>>[number],
  stores: number,
): Int32Array {
  const bySlug = new Map<string, number>();
  for (const [row, slug] of loads.slug.entries()) {
    if (loads.selects[row]! > 0) bySlug.set(slugs[slug]!, loads.selects[row]!);
  }
  return Int32Array.from({ length: stores }, (_, page) => bySlug.get(storeSlug(page + 1)) ?? 0);
}

import type { Arm, ProfileDesign } from '../../lab/experiment.ts';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { CALLERS, cellName, ROUND_TRIPS_MS, SERVICE_CALLERS, SERVICE_WAIT_MS } from './cells.ts';
import { type Loop, rankOf, runLoop, together } from './closed-loop.ts';
import { ALL_TIMED, fillSizes, growthOf, measureCosts, SIZES } from './complexity.ts';
import { throughLink } from './delay-link.ts';
import { measureThreads } from './one-thread.ts';
import { loadService, SERVICES, type ServiceName } from './service.ts';
import { startThread, tell } from './threads.ts';
import { fillValues, openWay, pingMs, type WayName } from './ways.ts';

/** Passes over all sizes in one trial. */
const PASSES = 6;
/** Fewer calls in a cell have no 99th percentile: 10 must lie beyond it. */
const CALLS_FOR_P99 = 1000;
/** A service that blocks answers so few that a cell of a client's length would see none. */
const SHORTEST_SERVICE_CELL_SECONDS = 0.8;
/** Heavy commands take milliseconds each. */
const SHORTEST_HEAVY_SECONDS = 0.8;

type Samples = Findings['samples'];

/** Warm-up and measured time of one cell. */
function cellSeconds({ measureSeconds }: ProfileDesign): { warmSeconds: number; seconds: number } {
  return { warmSeconds: measureSeconds / 4, seconds: measureSeconds };
}

/** What a trial measures: all cells of one way to ask, or one of the other parts. */
interface Part {
  /** Wall seconds, for the plan. */
  seconds(cellSeconds: number): number;
  measure(hands: Hands, port: number): Promise<Samples>;
}

const WAY: Part = {
  seconds: (cell) => 0.7 + CALLERS.length * ROUND_TRIPS_MS.length * cell,
  measure: (hands, port) => measureWay(hands, hands.arm.name as WayName, port),
};

const OTHERS: Record<'service' | 'complexity' | 'threads', Part> = {
  service: {
    seconds: (cell) =>
      3 + 3 * SERVICE_CALLERS.length * Math.max(SHORTEST_SERVICE_CELL_SECONDS, cell),
    measure: measureServices,
  },
  complexity: { seconds: () => 4 + PASSES + 1, measure: measureGrowth },
  threads: {
    seconds: (cell) => 4.5 * Math.max(SHORTEST_HEAVY_SECONDS, cell),
    measure: (hands, port) => measureOneThread(port, hands.design),
  },
};

const partOf = ({ parameters }: Arm): Part =>
  Object.entries(OTHERS).find(([name]) => name === parameters?.['part'])?.[1] ?? WAY;

/** Each trial has a Redis of its own, and as many cells as its arm's part has. */
export const protocol: Protocol = {
  seconds(arm, design) {
    const { warmSeconds, seconds } = cellSeconds(design);
    return partOf(arm).seconds(warmSeconds + seconds);
  },
  async run(hands) {
    const port = Number(new URL(hands.urls.redis).port);
    const samples = await partOf(hands.arm).measure(hands, port);
    return {
      ...{ load: null, problems: [] },
      findings: { totals: {}, samples, series: [], notes: [] },
    };
  },
};

async function measureWay(hands: Hands, name: WayName, port: number): Promise<Samples> {
  await fillValues(hands.redis);
  const samples: Samples = {};
  for (const roundTripMs of ROUND_TRIPS_MS) {
    await throughLink(port, roundTripMs, async (at) => {
      samples[cellName('pingMs', roundTripMs)] = [await pingMs(at)];
      const way = name === 'workers' ? await openWorkers(at) : await openOne(name, at);
      try {
        for (const callers of CALLERS) {
          const loop = await way.run({ callers, ...cellSeconds(hands.design) });
          noteLoop(samples, loop, [roundTripMs, callers], callers);
        }
      } finally {
        await way.close();
      }
    });
  }
  return samples;
}

/** @param callers - Little's law: with so many always asking, a call takes callers / rate on average, however short the cell. */
function noteLoop(samples: Samples, loop: Loop, place: (string | number)[], callers: number): void {
  const { values, seconds, latenciesMs } = loop;
  samples[cellName('perSecond', ...place)] = [values / seconds];
  if (latenciesMs.length === 0) return;
  samples[cellName('callMs', ...place)] = [(callers * seconds * 1000) / latenciesMs.length];
  const p99 = latenciesMs.length < CALLS_FOR_P99 ? null : rankOf(latenciesMs, 0.99);
  if (p99 !== null) samples[cellName('p99Ms', ...place)] = [p99];
}

type LoopDesign = Parameters<typeof runLoop>[0];

interface Runner {
  run(design: LoopDesign): Promise<Loop>;
  close(): Promise<void>;
}

async function openOne(name: Exclude<WayName, 'workers'>, port: number): Promise<Runner> {
  const way = await openWay(name, port);
  return {
    run: (design) => runLoop(design, way.ask),
    close() {
      way.close();
      return Promise.resolve();
    },
  };
}

/** Two threads, each with half of the callers on a connection of its own; a single caller has one of them. */
async function openWorkers(port: number): Promise<Runner> {
  const file = new URL('caller-thread.ts', import.meta.url).href;
  const threads = await Promise.all([0, 1].map(() => startThread<'ready'>(file, { port })));
  return {
    async run(design) {
      const used = threads.slice(0, design.callers);
      const each = { ...design, callers: design.callers / used.length };
      const answers = Promise.all(used.map((thread) => thread.next()));
      for (const thread of used) tell(thread.worker, each);
      return together((await answers) as Loop[]);
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}

async function measureServices(hands: Hands, port: number): Promise<Samples> {
  await fillValues(hands.redis);
  const samples: Samples = {};
  const { seconds } = cellSeconds(hands.design);
  await throughLink(port, SERVICE_WAIT_MS, async (at) => {
    samples['waitMs'] = [await pingMs(at)];
    for (const name of Object.keys(SERVICES) as ServiceName[]) {
      const loops = await loadService(name, at, {
        callers: SERVICE_CALLERS,
        warmSeconds: 0,
        seconds: Math.max(SHORTEST_SERVICE_CELL_SECONDS, seconds),
      });
      for (const { callers, loop } of loops) noteLoop(samples, loop, [name, callers], callers);
    }
  });
  return samples;
}

async function measureGrowth(hands: Hands): Promise<Samples> {
  const { redis, random } = hands;
  await fillSizes(redis);
  const samples: Samples = {};
  const add = (name: string, value: number): void => {
    samples[name] = [...(samples[name] ?? []), value];
  };
  await measureCosts(redis, random, SIZES); // the first pass meets cold memory
  for (let pass = 0; pass < PASSES; pass += 1) {
    const costs = await measureCosts(redis, random, SIZES);
    for (const timed of ALL_TIMED) {
      for (const [size, micros] of costs[timed]) add(cellName('micros', timed, size), micros);
      const growth = growthOf(timed, costs);
      if (growth === null) continue;
      add(cellName('exponent', timed), growth.exponent);
      add(cellName('perDoubling', timed), growth.perDoubling);
    }
  }
  return samples;
}

async function measureOneThread(port: number, design: ProfileDesign): Promise<Samples> {
  const figures = await measureThreads(
    port,
    Math.max(SHORTEST_HEAVY_SECONDS, cellSeconds(design).seconds),
  );
  return {
    ...Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, [value]])),
    severalOverOne: [figures.severalPerSecond / figures.onePerSecond],
  };
}

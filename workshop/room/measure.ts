import { predict, settingOf } from '../forms/index.ts';
import { type Measured, type SentenceInput, SENTENCES } from '../contract.ts';
import type { Core } from './core.ts';
import { whyOf } from './questions.ts';
import { RefusalError } from './refusal.ts';
import { type Arrange, avalancheRun, expiryRun, type Found, ratioRun, round } from './runs.ts';
import { PROCESSES } from './services.ts';

/** About, with the knobs turned and put back. */
const LASTS_MS = 22_000;

/** Beyond it a laptop with k6 on it is what is measured. */
const MOST_READS = 60;
const MOST_EDITS = 600;
/** Sped up: with a load for each reader who misses, and with shared ones. */
const MOST_READS_UNSHARED = 12;
const MOST_READS_SHARED = 40;
/** A run of 18 s shows a ratio if it has several lives of a copy. */
const RUN_LIFE_SECONDS = 3;
const LONGEST_LIFE_SECONDS = 6;
const MOST_LOADS_AT_ONCE = 40;
const USUAL_COPIES = 200;

const RANGES = {
  ttlSeconds: [1, 3600],
  readsPerSecond: [0.5, MOST_READS],
  editsPerMinute: [0, MOST_EDITS],
  loadMs: [1, 6000],
  copies: [2, 1000],
  jitter: [0, 0.5],
} as const;

/**
 * Begins a real run of a sentence's setting on the room's own services, with the policy in force. The knobs are put back afterwards
 * in any case.
 * @throws RefusalError for numbers that no run of 20 s can show, and in a state in which it cannot begin.
 */
export function measure(core: Core, input: SentenceInput): void {
  const run = planOf(core, input);
  core.mustBeIdle(input.sentence);
  const { redis } = core.services;
  if (redis.state() !== 'up')
    throw new RefusalError(`Redis is ${redis.state()}: bring it back first (key 4).`, null, 409);
  core.underWay = { what: `Measuring ${input.sentence}`, untilMs: Date.now() + LASTS_MS };
  core.mark({ kind: 'run', what: 'measure', detail: input.sentence });
  core.changed();
  void report(core, input, run);
}

async function report(core: Core, input: SentenceInput, run: Run): Promise<void> {
  try {
    const { asRun, ...found } = await core.inTurn(() => withKnobsPutBack(core, run));
    // The closed form for the load as it was: a machine takes its own time for it.
    const { value } = predict({ ...input, ...asRun }, settingOf(core.knobs, PROCESSES));
    const measured: Measured = { sentence: input, predicted: value, ...found };
    core.history.measured(measured);
    core.emit({ kind: 'measured', data: measured });
  } catch (error) {
    const detail = `failed: ${whyOf(error)}`.slice(0, 200);
    core.mark({ kind: 'run', what: 'measure', detail });
  }
  core.underWay = null;
  core.changed();
}

type Run = (arrange: Arrange) => Promise<Found>;

async function withKnobsPutBack(core: Core, run: Run): Promise<Found> {
  const before = core.knobs;
  const arrange: Arrange = async (knobs, load) => {
    const next = { ...core.knobs, writesPerMinute: 0, otherStoresShare: 0, ...knobs };
    // A life that the preset has no use for would be refused; the others keep it long.
    if (core.policy.settings['store'] !== 'redis') next.ttlSeconds = before.ttlSeconds;
    await core.apply(next);
    const { readsPerSecond, otherStoresShare } = next;
    await core.services.load.set({ readsPerSecond, writesPerMinute: 0, otherStoresShare, ...load });
    if (knobs.readsPerSecond !== 0 && load === undefined) await core.clearCopies();
    core.changed();
  };
  try {
    return await run(arrange);
  } finally {
    await core.apply(before);
    await core.services.load.set(before);
    core.changed();
  }
}

function planOf(core: Core, input: SentenceInput): Run {
  if (!SENTENCES.includes(input.sentence))
    throw new RefusalError(
      `There is no sentence ${JSON.stringify(input.sentence)}: choose one of ${SENTENCES.join(', ')}.`,
    );
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = input[name as keyof typeof RANGES];
    if (value === undefined && (name === 'copies' || name === 'jitter')) continue;
    if (typeof value === 'number' && value >= low && value <= high) continue;
    throw new RefusalError(
      `${name} is ${JSON.stringify(value)}; a run can have ${low} to ${high}: set one of these and measure again.`,
      input.sentence,
    );
  }
  switch (input.sentence) {
    case 'hit-ratio':
    case 'stale-readers':
      return planRatio(core, input);
    case 'loads-per-expiry': {
      needsCopies(core, input);
      const atOnce = (input.readsPerSecond * input.loadMs) / 1000;
      if (atOnce > MOST_LOADS_AT_ONCE)
        throw new RefusalError(
          `${input.readsPerSecond} reads/s with loads of ${input.loadMs} ms may be ${Math.round(atOnce)} loads at once; up to ${MOST_LOADS_AT_ONCE} keep their time on a laptop: lower one of the two.`,
          input.sentence,
        );
      return (arrange) => expiryRun(core, arrange, input);
    }
    case 'avalanche-peak': {
      needsCopies(core, input);
      const { copies = USUAL_COPIES, jitter = core.knobs.jitter ?? 0 } = input;
      const { generated } = core.services;
      if (copies > generated)
        throw new RefusalError(
          `copies is ${copies}; the room has ${generated} stores beside the restaurant: set at most that many, or open it with --stores ${copies}.`,
          input.sentence,
        );
      const spreadSeconds = 2 * jitter * input.ttlSeconds;
      if (spreadSeconds > 12)
        throw new RefusalError(
          `jitter ${jitter} spreads the ends of copies of ${input.ttlSeconds} s over ${Math.round(spreadSeconds)} s; a run shows up to 12 s: lower the TTL or the jitter.`,
          input.sentence,
        );
      return (arrange) => avalancheRun(core, arrange, { ...input, copies, jitter });
    }
    default:
      return input.sentence satisfies never;
  }
}

/**
 * Ratios do not change when everything goes faster alike: so a run of 18 s shows several lives of a copy. How much faster is a
 * question of the CPU: where nobody shares a load, every reader of an expiry costs one.
 */
function planRatio(core: Core, input: SentenceInput): Run {
  const { ttlSeconds, readsPerSecond, editsPerMinute } = input;
  if (core.policy.settings['store'] !== 'redis')
    return (arrange) => ratioRun(core, arrange, input, { speed: 1, readsPerSecond });
  const { shared } = settingOf(core.knobs, PROCESSES);
  const mostReads = shared === 'none' ? MOST_READS_UNSHARED : MOST_READS_SHARED;
  const byEdits = editsPerMinute === 0 ? Number.POSITIVE_INFINITY : MOST_EDITS / editsPerMinute;
  const byReads = mostReads / readsPerSecond;
  const isRatioOfHits = input.sentence === 'hit-ratio';
  const fastest = Math.max(1, isRatioOfHits ? Math.min(byReads, byEdits) : byEdits);
  const speed = Math.min(Math.max(1, ttlSeconds / RUN_LIFE_SECONDS), fastest);
  if (ttlSeconds / speed > LONGEST_LIFE_SECONDS) {
    const longest = Math.floor(LONGEST_LIFE_SECONDS * fastest);
    const rates = `${readsPerSecond} reads/s and ${editsPerMinute} edits/min`;
    const faster = fastest === 1 ? '' : `, all of it ${round(fastest)} times as fast`;
    const fewer = isRatioOfHits ? 'fewer reads' : 'fewer edits';
    const other = isRatioOfHits && shared === 'none' ? ', or readers who share a load' : '';
    throw new RefusalError(
      `ttlSeconds is ${ttlSeconds}; a run of 18 s shows up to ${longest} s with ${rates}${faster}: choose a TTL up to that, ${fewer}${other}.`,
      input.sentence,
    );
  }
  // How many read an old price is hardly a question of how many read: there, fewer do.
  const reads = Math.min(readsPerSecond * speed, Math.max(readsPerSecond, mostReads));
  return (arrange) => ratioRun(core, arrange, input, { speed, readsPerSecond: reads });
}

function needsCopies({ policy }: Core, { sentence }: SentenceInput): void {
  if (policy.settings['store'] === 'redis') return;
  throw new RefusalError(
    `Preset ${policy.preset} keeps no copy in Redis that could end: choose one that does, e.g. cached.`,
    sentence,
    409,
  );
}

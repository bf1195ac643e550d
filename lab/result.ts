/**
 * The shape of a result: what one trial records, and what the analysis makes of all of them.
 * Everything here is plain JSON; `results.json` is `RunResult`. Times are milliseconds and rates are
 * per second unless the name says otherwise.
 */

/** Version of every shape in this file. A change that a reader could notice raises it. */
export const RESULT_SCHEMA = 1;

/** What the server did with one page request (sent as `Cache-Status` and `x-cache-outcome`). */
export const OUTCOMES = [
  'hit',
  'stale',
  'early',
  'miss',
  'coalesced',
  'negative',
  'rejected',
  'bypass',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Profile = 'headline' | 'quick' | 'standard' | 'full';

/** Something that happened at a known moment of a trial, drawn as a rule on time axes. */
export interface TrialEvent {
  /** Seconds since the measured phase began; negative during warm-up. */
  atSecond: number;
  kind: 'price-update' | 'freeze' | 'thaw' | 'fault' | 'heal';
  label: string;
}

/** A latency histogram of requests of one kind; HdrHistogram V2, compressed, base64, in microseconds, 3 digits. */
export interface StoredHistogram {
  /** `response`: scheduled start to last byte (what a user waits). `service`: actual start to last byte. `startLag`: the difference. */
  metric: 'response' | 'service' | 'startLag';
  /** Which request: `page` or `update`. */
  request: string;
  /** `all`: every request answered with a status below 400; `error`: the failed ones; or one outcome. */
  outcome: 'all' | Outcome | 'error';
  /** Whole second of the measured phase, from 0; absent: the whole measured phase. */
  second?: number;
  count: number;
  hdr: string;
}

/** One step of a search for the highest sustainable rate. */
export interface Probe {
  ratePerSecond: number;
  passed: boolean;
  p95Ms: number | null;
  p99Ms: number | null;
  achievedPerSecond: number;
  dropped: number;
  errors: number;
  /** Cores used: 1 is one whole core. */
  serverCores: number | null;
  generatorCores: number | null;
  reasons: string[];
}

export interface SearchResult {
  probes: Probe[];
  highestPassPerSecond: number | null;
  lowestFailPerSecond: number | null;
  /** Which part gave out first; `generator` makes the figure a lower bound ("at least X/s"). */
  limitedBy: 'server' | 'database' | 'redis' | 'generator' | 'unknown';
}

/** What was measured in one trial, all of it in the measured phase unless said otherwise. */
export interface Measurement {
  arrivals: 'even' | 'poisson' | 'closed' | 'burst';
  /** Offered arrival rate of page requests; null in a closed model, where the server sets the pace. */
  offeredRatePerSecond: number | null;
  /** Virtual users; the concurrency of a closed model, the upper bound of an open one. */
  virtualUsers: number;
  warmSeconds: number;
  measureSeconds: number;
  counts: {
    /** Arrivals that the schedule asked for in the measured phase. */
    offered: number;
    started: number;
    completed: number;
    /** Not 2xx/3xx, or no answer. 503 from shedding included. */
    failed: number;
    /** 503 answers, also counted in `failed`. */
    shed: number;
    /** Arrivals that never started for want of a free virtual user. */
    dropped: number;
    scriptErrors: number;
    newConnections: number;
    bytesReceived: number;
  };
  histograms: StoredHistogram[];
  /** Page outcomes as k6 read them from the responses. Empty if the script does not tag them. */
  clientOutcomes: Partial<Record<Outcome, number>>;
  /** The server's own witness: counted inside the server for requests marked as measured. */
  server: {
    requests: number;
    outcomes: Partial<Record<Outcome, number>>;
    loads: number;
    selects: number;
    /** SELECTs over the whole trial, warm-up included: comparable with `postgres.selects`. */
    selectsWholeTrial: number;
    poolMaxWaiting: number;
    shed: number;
    eventLoopDelayP99Ms: number | null;
    /** Handling time inside the server, HdrHistogram as above. */
    hdr: string | null;
    /** `menu_version` of the last page before and after, as proof of the state. */
    menuVersion: number | null;
  };
  /** Second witness of the page's SELECTs, whole trial; null without pg_stat_statements. */
  postgres: { selects: number; shapes: number } | null;
  cpu: {
    /** CPU microseconds per completed page request, per process group. */
    microsPerRequest: {
      server: number;
      postgres: number | null;
      redis: number | null;
      k6: number;
    } | null;
    /** Cores busy, per process group. */
    cores: { server: number; postgres: number | null; redis: number | null; k6: number } | null;
    /** Share of the machine's capacity used by anything that is not ours, 0 to 1. */
    foreignShare: number | null;
    /** Share of the machine's capacity in use, 0 to 1. */
    busyShare: number | null;
  };
  events: TrialEvent[];
  search: SearchResult | null;
  /** What the experiment's own protocol found; absent where it has none. */
  findings?: Findings;
}

/** Figures of one trial beyond the latency of a page, each under a name that the experiment gives it. */
export interface Findings {
  /** Counts that add up over trials, e.g. `reads` and `staleReads`. */
  totals: Record<string, number>;
  /** One value per repetition inside the trial, e.g. `loadsPerExpiry` of 20 expiries. Counted outcomes repeat inside one trial. */
  samples: Record<string, number[]>;
  /** Lines to draw, e.g. SELECTs per second; x ascending. */
  series: { name: string; points: [x: number, y: number][] }[];
  /** Sentences that belong beside the figures. */
  notes: string[];
}

/** Why a trial is not to be trusted, or with what reserve. Names are stable: tests and `flagsAsMeasures` use them. */
export const FLAGS = [
  'server-down',
  'no-samples',
  'errors',
  'script-errors',
  'k6-error-log',
  'dropped',
  'achieved-rate',
  'start-lag',
  'generator-cpu',
  'host-busy',
  'foreign-cpu',
  'wrong-state',
  'witnesses-disagree',
  'not-steady',
  'timeout',
] as const;
export type FlagName = (typeof FLAGS)[number];

export interface Flag {
  flag: FlagName;
  severity: 'invalid' | 'warning' | 'measure';
  /** A sentence with the figure and the limit. */
  detail: string;
}

interface TrialIdentity {
  schema: typeof RESULT_SCHEMA;
  runId: string;
  experiment: string;
  arm: string;
  round: number;
  /** Position inside the round, from 0. */
  slot: number;
  /** Position in the whole run, from 0, counting repeated trials. */
  order: number;
  /** 1 for the first try; an invalid trial is repeated with the next number. */
  attempt: number;
  seed: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  wallSeconds: number;
}

/** One line of `records.ndjson`. A union by state, so that nobody reads a p99 that is not there. */
export type TrialRecord = TrialIdentity &
  (
    | { state: 'completed'; measurement: Measurement; flags: Flag[] }
    | { state: 'invalid'; measurement: Measurement | null; flags: Flag[] }
    | { state: 'failed'; error: string }
  );

/** A point estimate with its confidence interval. */
export interface Estimate {
  value: number;
  /** Two-sided interval; null when n is too small to give one. */
  interval: { low: number; high: number; level: number } | null;
  /** Independent samples behind it: trials or rounds, not requests. */
  n: number;
}

export interface MeasureDescription {
  name: string;
  title: string;
  unit: string;
  better: 'lower' | 'higher';
}

export interface ArmAnalysis {
  arm: string;
  title: string;
  /** Name of the server's policy preset. */
  policy: string;
  role: 'baseline' | 'candidate' | 'bound' | 'repeat';
  trials: { valid: number; invalid: number; failed: number; repeated: number };
  /** Of all valid trials' requests merged. `ms` is null where fewer than 10 samples lie beyond the quantile; `censored`: it lies among dropped arrivals. */
  quantiles: { q: number; ms: number | null; censored: boolean }[];
  /** Requests in the merged histogram. */
  requests: number;
  /** Merged distribution for drawing, cut where fewer than 10 samples lie beyond. `q` from 0 to 1. */
  curve: { q: number; ms: number }[];
  /** Merged by second of the measured phase, over all valid trials. */
  timeline: {
    second: number;
    p50Ms: number;
    p99Ms: number | null;
    /** Slowest request of that second: what is left to draw where the p99 has too few samples. */
    maxMs?: number;
    requests: number;
  }[];
  events: TrialEvent[];
  /** Per measure name: geometric mean over trials with its t interval. */
  measures: Record<string, Estimate | null>;
  /** Pages per outcome, all valid trials, measured phase. */
  outcomes: Partial<Record<Outcome, number>>;
  /** SELECTs per page request from the server's count, and from Postgres over the whole trials. */
  selectsPerPage: { server: number | null; postgres: number | null };
  /** Findings of all valid trials: totals added up, samples one after the other, series of each trial in run order. */
  findings?: Findings;
  /** One entry per trial in run order, invalid ones included. */
  strip: {
    order: number;
    round: number;
    slot: number;
    attempt: number;
    state: TrialRecord['state'];
    /** The experiment's primary measure. */
    value: number | null;
    reasons: string[];
  }[];
  search: {
    /** `value` 0 with `n` 0: no probe of any search passed. */
    highestPass: Estimate;
    lowestFail: number | null;
    limitedBy: string;
    probes: Probe[];
  } | null;
}

export type VerdictWord =
  | 'faster'
  | 'slower'
  | 'lower'
  | 'higher'
  | 'equivalent'
  | 'inconclusive'
  | 'no verdict';

export interface Comparison {
  baseline: string;
  candidate: string;
  measure: MeasureDescription;
  /** The experiment's one primary comparison, or a member of its Holm family, or an interval without a verdict word. */
  rank: 'primary' | 'family' | 'interval only' | 'noise floor';
  rounds: number;
  /** candidate / baseline: exp(mean paired log-ratio) with a 95 % t interval. */
  ratio: Estimate | null;
  /** Exact sign-flip test over the rounds. */
  p: number | null;
  pHolm: number | null;
  /** p <= 0.05, on the primary comparison only. */
  found: boolean | null;
  verdict: VerdictWord;
  /** Smallest true ratio (> 1) that this many rounds find with 80 % power. */
  smallestFindableRatio: number | null;
  /** About how many rounds would settle it; null when settled or unknown. */
  roundsNeeded: number | null;
}

export type ClaimVerdict = 'confirmed' | 'refuted' | 'depends' | 'not judged';

export interface ClaimResult {
  /** `C1` to `C30`. */
  id: string;
  statement: string;
  verdict: ClaimVerdict;
  /** The measured figure with its interval, in words. */
  figure: string;
  reason: string;
}

/** A figure that theory gives, beside the measured one. */
export interface TheoryCheck {
  arm: string;
  /** What it is, e.g. `loads per expiry`. */
  quantity: string;
  unit: string;
  /** The formula with its symbols, e.g. `1 + λΔ`. */
  formula: string;
  theory: number;
  measured: Estimate;
  /** Whether theory lies inside the measured interval, or within `tolerance`; null: no interval, so no judgement. */
  agrees: boolean | null;
  /** Why they may differ, or under which condition the formula holds. */
  note: string;
}

/** What a cache does to you. `cost` is what the cure itself takes. */
export const DISEASES = [
  'slow page',
  'staleness',
  'stampede',
  'avalanche',
  'penetration',
  'cost',
] as const;
export type Disease = (typeof DISEASES)[number];

/** One cell of the scorecard: what a policy does about a disease. */
export interface Score {
  /** Name of the server's preset. */
  policy: string;
  disease: Disease;
  /** The effect in a few words with the figure, e.g. `1 load per expiry`. */
  words: string;
  /** A cost: smaller is better in every disease. Scores of one experiment and disease are set against each other. */
  estimate: Estimate | null;
  tone: 'good' | 'bad' | 'neutral';
}

/** One point of the Pareto picture: what a policy trades for what. */
export interface TradeOff {
  policy: string;
  /** What tells it from the policy's other points, e.g. `TTL 60 s`; empty: nothing. */
  variant: string;
  /** Share of reads that showed an old page, 0 to 1. */
  staleShare: Estimate | null;
  /** Longest staleness seen, in seconds. */
  longestStaleSeconds: number | null;
  /** 0 to 1. */
  hitRatio: Estimate | null;
  selectsPerPage: Estimate | null;
}

export interface ExperimentAnalysis {
  name: string;
  title: string;
  question: string;
  /** The verdict in one sentence, with ratio and interval. */
  answer: string;
  caveats: string[];
  design: {
    rounds: number;
    arrivals: string;
    ratePerSecond: number | null;
    warmSeconds: number;
    measureSeconds: number;
    dbLatency: string;
    updatesPerSecond: number;
    /** False: no server and no load of pages; the lab spoke to the services itself, and the other figures here say nothing. */
    pages?: false;
    /** `flag: reason` for flags that this experiment measures instead of rejecting. */
    flagsAsMeasures: string[];
  };
  primaryMeasure: MeasureDescription;
  measures: MeasureDescription[];
  arms: ArmAnalysis[];
  comparisons: Comparison[];
  claims: ClaimResult[];
  /** Theory beside measurement; absent or empty where there is no formula. */
  theory?: TheoryCheck[];
  /** Cells that this experiment contributes to the report's scorecard. */
  scores?: Score[];
  /** Points that it contributes to the Pareto picture. */
  tradeOffs?: TradeOff[];
  /** Baseline, candidate or bound arms without one valid trial. */
  armsWithoutData: string[];
}

/** The machine and the versions behind a run; no host name, no path. */
export interface Environment {
  cachelab: string;
  gitCommit: string | null;
  gitDirty: boolean | null;
  cpuModel: string;
  cpuCount: number;
  memoryGiB: number;
  platform: string;
  kernel: string;
  container: boolean | null;
  cgroupCpuLimit: number | null;
  node: string;
  k6: { version: string; origin: string };
  postgres: { version: string; origin: string; settings: Record<string, string> };
  redis: { version: string; origin: string; settings: Record<string, string> };
  lockfileHash: string;
  datasetDigest: string;
  network: 'loopback';
}

/** `results.json`. */
export interface RunResult {
  schema: typeof RESULT_SCHEMA;
  runId: string;
  profile: Profile;
  seed: number;
  /** Shell command that repeats this run. */
  command: string;
  startedAt: string;
  finishedAt: string;
  wallSeconds: number;
  /** Times that the run was cut off and taken up again. */
  resumed: number;
  environment: Environment;
  /** Highest rate that the generator reached against a no-work endpoint; null if not measured. */
  generatorCeilingPerSecond: number | null;
  experiments: ExperimentAnalysis[];
}

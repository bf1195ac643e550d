import type { Figure } from '../reports/figure.ts';
import type {
  ClaimResult,
  ExperimentAnalysis,
  FlagName,
  MeasureDescription,
  Measurement,
  Profile,
  Score,
  TheoryCheck,
  TradeOff,
} from './result.ts';
import type { Protocol } from './protocol.ts';
import type { TopologyKind } from './provision/redis-topology.ts';

/** A number read from one valid trial; null when the trial cannot give it (too few samples). */
export interface Measure extends MeasureDescription {
  read(measurement: Measurement): number | null;
}

/** How requests arrive at the server. */
export type Load =
  | {
      kind: 'open';
      ratePerSecond: number;
      arrivals: 'even' | 'poisson';
      /** Upper bound of the p99 that the arm may reach: it sizes the pool of virtual users. */
      expectedP99Ms: number;
      /** Overrides the size that follows from rate and expected p99. */
      virtualUsers?: number;
    }
  | { kind: 'closed'; virtualUsers: number }
  | {
      kind: 'search';
      /** The objective of a probe. */
      p95LimitMs: number;
      startRatePerSecond: number;
      maxRatePerSecond: number;
      /** Ratio of lowest failing to highest passing rate at which the search stops, e.g. 1.1. */
      precision: number;
    };

/** One configuration under test. */
export interface Arm {
  name: string;
  title: string;
  /** A preset of the server; with program `peers`, the name of a library. */
  policy: string;
  /** What serves the pages: the store (the default), or another cache library behind the same page, from `peers/`. */
  program?: 'store' | 'peers';
  /** Settings that differ from the preset's, e.g. `{ ttlMs: 2000 }`. */
  overrides?: Readonly<Record<string, unknown>>;
  /** Server processes behind one Postgres and one Redis; 1 when absent, `--server-processes` overrides it. */
  processes?: number;
  /** Variables of the server processes beside those that the lab sets. */
  environment?: Readonly<Record<string, string>>;
  /** Added to each database round trip, in place of the run's `--db-latency`. */
  dbLatency?: string;
  /** A Redis of the trial's own, which its protocol may kill, freeze and reconfigure: one, or a topology of several. */
  redis?: 'own' | TopologyKind;
  /** Arguments of that Redis, or of each data node, e.g. `['--maxmemory', '64mb']`. */
  redisArgs?: readonly string[];
  /**
   * With `redis: 'own'`: how many times as fast as ours the clock of that Redis runs, so that its seconds and minutes pass in a
   * short trial; 1 when absent. Where no clock can be accelerated it stays at 1: `OwnRedis.clockFactor` tells.
   */
  redisClockFactor?: number;
  /**
   * Services that the servers reach through a TCP link of the lab, which the protocol may cut or slow: `hands.links`. With a
   * topology `redis` puts one in front of each data node instead: `node.cut()`.
   */
  links?: readonly ('redis' | 'postgres')[];
  /** For the experiment's own protocol. */
  parameters?: Readonly<Record<string, number | string | boolean>>;
  role: 'baseline' | 'candidate' | 'bound' | 'repeat';
  /** Overrides of the experiment's load for this arm. */
  load?: Load;
  /** Price updates per second; overrides the experiment's. */
  updatesPerSecond?: number;
  /** `prime`: one page is loaded before the warm-up. `cold`: the cache is empty. */
  cache: 'prime' | 'cold';
  /**
   * What the page must cost in this arm, as proof that the arm is what it says. `selectsPerLoad` null: pages of several
   * stores, each with a cost of its own. `selectsPerHit`: 0 when absent.
   */
  expects: { selectsPerLoad: number | null; selectsPerHit?: number };
  /** `shed`: bounded waiting, then 503 (the default). `unbounded`: waits for ever, as the story's app did. */
  pool?: 'shed' | 'unbounded';
  /** Freezes the server process (SIGSTOP, then SIGCONT). */
  freeze?: { atSecond: number; seconds: number };
}

export interface ProfileDesign {
  rounds: number;
  warmSeconds: number;
  measureSeconds: number;
  /** Names of the arms that run; all when absent. */
  arms?: string[];
}

/** An analysis before its sentences are written. */
export type Analysed = Omit<
  ExperimentAnalysis,
  'answer' | 'claims' | 'theory' | 'scores' | 'tradeOffs'
>;

/** An experiment is data: the lab plans, runs, records, analyses and reports it. */
export interface Experiment {
  /** Name of its folder under `scenarios/`. */
  name: string;
  title: string;
  question: string;
  arms: Arm[];
  load: Load;
  updatesPerSecond: number;
  /** What a trial does when it is more than a load on one page; absent: warm-up, then measured phase. */
  protocol?: Protocol;
  /**
   * False: no server and no k6; the protocol speaks to services itself, and all its figures are findings. `load` and the arms'
   * `policy`, `cache` and `expects` then say nothing.
   */
  pages?: false;
  measures: [primary: Measure, ...others: Measure[]];
  /** The first is the primary comparison; `family` members enter Holm (at most 4 with the primary). */
  comparisons: {
    baseline: string;
    candidate: string;
    measure: string;
    rank: 'primary' | 'family' | 'interval only' | 'noise floor';
  }[];
  /** Null leaves the experiment out of the profile; asked for by name it runs as in `standard`, or `full`. */
  profiles: Record<Profile, ProfileDesign | null>;
  /** Flags that are the question here and so do not invalidate, each with its reason. */
  flagsAsMeasures: Partial<Record<FlagName, string>>;
  /** One sentence, from the analysed arms and comparisons. Pure. */
  answer(analysis: Analysed): string;
  /** Claims of the story that it judges. Pure. */
  claims(analysis: Analysed): ClaimResult[];
  /** Figures of theory beside the measured ones. Pure. */
  theory?(analysis: Analysed): TheoryCheck[];
  /** Cells of the scorecard. Pure. */
  scores?(analysis: Analysed): Score[];
  /** Points of the Pareto picture. Pure. */
  tradeOffs?(analysis: Analysed): TradeOff[];
  caveats: string[];
  charts(analysis: ExperimentAnalysis): Figure[];
}

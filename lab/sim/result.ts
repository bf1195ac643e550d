import type { Recommendation } from '../../sim/recommend/recommend.ts';
import type { Row } from '../../sim/recommend/rows.ts';
import type { Stampede } from '../../sim/recommend/stampede.ts';

/** Version of this shape; goes up when a reader of an older one would misread. */
export const SIMULATION_SCHEMA = 1;

/** Where the requests came from. */
export interface SimulatedSource {
  /** File name without its folder, or the description that made the trace. */
  name: string;
  requests: number;
  objects: number;
  /** From first to last request; `null` without times. */
  seconds: number | null;
  /** Share of the keys that were kept, 1 without sampling. */
  sample: number;
  /** What a reader should know: bad lines, sizes that changed, what was left out. */
  notes: string[];
}

/** One policy at one size. */
export interface SizeRow {
  policy: string;
  /** The size as it was asked for, e.g. `1%`. */
  size: string;
  unit: 'objects' | 'bytes';
  capacity: number;
  /** Requests that were counted: those after the warm-up. */
  requests: number;
  hits: number;
  hitRatio: number;
}

/** One TTL under one policy. */
export interface TtlRow {
  /** Preset of the server that decides alike, e.g. `swr`. */
  policy: string;
  /** What bounds its memory; `null`: nothing. */
  cache: { policy: string; size: string } | null;
  ttlSeconds: number;
  hitRatio: number;
  /** Share of the reads that show less than the newest write; `null` without writes. */
  staleShare: number | null;
  loadsPerSecond: number;
  /** In the fullest second. */
  peakLoadsPerSecond: number;
  /** Copies held, on average over time. */
  meanResidents: number;
}

/** One size of a miss-ratio curve. */
export interface CurveRow {
  policy: string;
  /** `exact`: counted; `sampled`: from a share of the objects; `model`: Che's approximation, for independent requests. */
  method: 'exact' | 'sampled' | 'model';
  /** Objects. */
  capacity: number;
  missRatio: number;
  /** 95 % interval of a sampled point; `null` for the others. */
  low: number | null;
  high: number | null;
}

/** What `sim sweep` and `sim mrc` found: the same shape on the screen, as JSON, as CSV and on a page. */
export interface SimulationResult {
  schema: typeof SIMULATION_SCHEMA;
  command: string;
  seed: number;
  source: SimulatedSource;
  sizes: SizeRow[];
  ttls: TtlRow[];
  curve: CurveRow[];
  /** Wall time of reading (from the kept dense file or from the source) and of simulating, in seconds. */
  wallSeconds: { reading: number; simulating: number };
}

/** What `sim recommend` was asked. Times in ms, memory in bytes. */
export interface RecommendationAsked {
  maxStaleMs: number;
  memoryBytes: number;
  /** SELECTs that the database bears in a second; `null`: any number. */
  dbRps: number | null;
  selectsPerLoad: number;
  loadMs: number;
  invalidation: boolean;
  processes: number;
  updateRate: number;
  warm: number;
}

/** What `sim recommend` found: the same on the screen, as JSON and on a page. */
export interface RecommendationResult extends Recommendation {
  schema: typeof SIMULATION_SCHEMA;
  command: string;
  seed: number;
  source: SimulatedSource;
  asked: RecommendationAsked;
  stampede: Stampede;
  /** Loads a second if all copies were made at one moment; `null`: nothing was chosen. */
  avalanche: { copies: number; perSecond: number } | null;
  /** Body of `PUT /lab/policy`; `null`: nothing was chosen. */
  policy: { preset: string; overrides: Record<string, number | string> } | null;
  /** Lines of `redis.conf`. */
  redisConf: string[];
  /** What a change does to the copies under the chosen preset. */
  invalidation: string | null;
  wallSeconds: { reading: number; simulating: number };
}

/** One point of the grid of `sim recommend`. */
export type RecommendationRow = Row;

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

/** What `sim run`, `sweep` and `mrc` found: the same shape on the screen, as JSON, as CSV and on a page. */
export interface SimulationResult {
  schema: typeof SIMULATION_SCHEMA;
  command: string;
  seed: number;
  source: SimulatedSource;
  sizes: SizeRow[];
  ttls: TtlRow[];
  /** Wall time of reading (from the kept dense file or from the source) and of simulating, in seconds. */
  wallSeconds: { reading: number; simulating: number };
}

// Read by k6 scripts and by the lab: types only.

/** What the lab hands to a load script, as JSON in `CACHELAB_LOAD`. */
export interface LoadSettings {
  baseUrl: string;
  /** All server processes, `baseUrl` among them: virtual users take turns. */
  baseUrls?: string[];
  /** Of the script's own draws. */
  seed?: number;
  /** Path of the page under test. */
  path: string;
  /** `update-price` endpoint and the two prices that alternate; null without updates. */
  update: { path: string; prices: [number, number]; perSecond: number } | null;
  /** `burst`: the script makes its own moments. */
  arrivals: 'even' | 'poisson' | 'closed' | 'burst';
  /** Null in a closed model. */
  ratePerSecond: number | null;
  virtualUsers: number;
  warmSeconds: number;
  measureSeconds: number;
  /** Count each page's outcome from its headers; costs about 15 us of k6's CPU per request. */
  countOutcomes: boolean;
  /** For the experiment's own script. */
  extra?: Record<string, unknown>;
}

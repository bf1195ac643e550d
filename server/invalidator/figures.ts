import { build } from 'hdr-histogram-js';

const MAX_LAG_MS = 3_600_000;

/** What an invalidator has done since it started, and how it stands. */
export class Figures {
  /** They only grow. */
  readonly counters = {
    /** Notifications, of changes or to wake up. */
    notifications: 0,
    polls: 0,
    /** Rows of the outbox, or payloads of notifications, each store once a batch. */
    changes: 0,
    /** Stores whose copies were deleted. */
    deletes: 0,
    /** Batches that Redis did not take. `outbox` tries again, `event-driven` does not. */
    failedDeletes: 0,
    /** Stores that were given up: only `event-driven` does that. */
    lostDeletes: 0,
    /** Times that all copies were deleted: Redis was another process, or a table was truncated. */
    clears: 0,
    postgresConnections: 0,
    trimmedRows: 0,
  };
  /** As it is now; 1 is yes. */
  readonly gauges = { postgresUp: 0, redisUp: 0, caughtUp: 0, outstanding: 0 };
  readonly #lagsMs = build({
    highestTrackableValue: MAX_LAG_MS,
    numberOfSignificantValueDigits: 3,
  });

  /** @param lagMs - From the change, by the clock of Postgres, to the answer to DEL. Clocks of two hosts may differ. */
  gone(lagMs: number): void {
    this.#lagsMs.recordValue(Math.min(Math.max(Math.round(lagMs), 0), MAX_LAG_MS));
  }

  /** Flat, for `/stats` and `/metrics`. Without a delete all lags are 0. */
  read(): Record<string, number> {
    const lags = this.#lagsMs;
    const none = lags.totalCount === 0;
    return {
      ...this.counters,
      ...this.gauges,
      lagCount: lags.totalCount,
      lagP50Ms: none ? 0 : lags.getValueAtPercentile(50),
      lagP99Ms: none ? 0 : lags.getValueAtPercentile(99),
      lagMaxMs: none ? 0 : lags.maxValue,
    };
  }
}

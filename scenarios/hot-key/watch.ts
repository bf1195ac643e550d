/** What reads say of the versions that they saw. Times are milliseconds of one clock. */
export interface Watch {
  /** A version is written and its writer knows. */
  acknowledged(version: number, atMs: number): void;
  /** A read that went on from start to end returned this version. */
  read(startMs: number, endMs: number, version: number): void;
  result(): WatchResult;
}

interface WatchResult {
  reads: number;
  /** Began after a newer version had been acknowledged. */
  staleReads: number;
  /** Returned an older version than a read that had ended before they began. */
  backwardReads: number;
  /** From the acknowledgement of the oldest version that a read lacked to the beginning of that read; 0 without a stale read. */
  longestStaleMs: number;
}

/** Versions count up from 0, which is there from the start. Reads that overlap a write are never counted as stale. */
export function openWatch(): Watch {
  const acknowledgedMs: number[] = [];
  /** Ends of the reads that first returned a version, both ascending. */
  const firsts: { endMs: number; version: number }[] = [];
  const result: WatchResult = { reads: 0, staleReads: 0, backwardReads: 0, longestStaleMs: 0 };
  return {
    acknowledged(version, atMs) {
      acknowledgedMs[version] = atMs;
    },
    read(startMs, endMs, version) {
      result.reads += 1;
      const lackedMs = acknowledgedMs[version + 1];
      if (lackedMs !== undefined && lackedMs < startMs) {
        result.staleReads += 1;
        result.longestStaleMs = Math.max(result.longestStaleMs, startMs - lackedMs);
      }
      const before = firsts.findLast((one) => one.endMs <= startMs);
      if (before !== undefined && before.version > version) result.backwardReads += 1;
      if (version > (firsts.at(-1)?.version ?? -1)) firsts.push({ endMs, version });
    },
    result: () => ({ ...result }),
  };
}

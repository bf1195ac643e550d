/** What the lab asks of the process that reads small keys. */
export type ToDriver =
  /** The first read is scheduled for this microsecond of `process.hrtime`. */
  { kind: 'start'; startUs: number; ratePerSecond: number } | { kind: 'stop' };

/** One entry a read, in the order of the schedule. */
export interface Reads {
  /** Microseconds of `process.hrtime`. */
  scheduledUs: number[];
  /** From the scheduled moment to the reply. */
  responseUs: number[];
  /** From the scheduled moment to the write into the socket: how late the driver was. */
  lagUs: number[];
  /** Reads whose reply was no value of the right length. */
  wrong: number;
}

export type FromDriver = { kind: 'ready' } | { kind: 'reads'; reads: Reads };

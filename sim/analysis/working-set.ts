import type { Trace } from '../trace.ts';

/** Distinct objects in equal parts of a trace: what a cache would have to hold to keep all that a part asks for. */
export interface WorkingSet {
  /** What the parts are equal in. */
  readonly by: 'time' | 'requests';
  /** Length of a part: ms, or requests. The last one may be shorter. */
  readonly window: number;
  /** One number a part, in order. */
  readonly objects: readonly number[];
  readonly requests: readonly number[];
}

/** Counts them: by time where the trace has times that differ, else by requests. */
export function workingSetOf(trace: Trace, windows: number): WorkingSet {
  const { ids, ticks, tickMs } = trace;
  const spanTicks = ticks === null ? 0 : ticks[ticks.length - 1]! - ticks[0]! + 1;
  if (ticks === null || spanTicks === 1) {
    const window = Math.ceil(ids.length / windows);
    return { by: 'requests', window, ...count(trace, window, (at) => at) };
  }
  const window = Math.ceil(spanTicks / windows);
  const first = ticks[0]!;
  return {
    by: 'time',
    window: window * tickMs,
    ...count(trace, window, (at) => ticks[at]! - first),
  };
}

function count(
  { ids, objects }: Trace,
  window: number,
  placeOf: (at: number) => number,
): Pick<WorkingSet, 'objects' | 'requests'> {
  // Part of each object's last request plus one: 0 is none yet.
  const seen = new Uint32Array(objects);
  const parts = Math.floor(placeOf(ids.length - 1) / window) + 1;
  const distinct = Array.from({ length: parts }, () => 0);
  const requests = Array.from({ length: parts }, () => 0);
  for (let at = 0; at < ids.length; at += 1) {
    const part = Math.floor(placeOf(at) / window);
    requests[part]! += 1;
    if (seen[ids[at]!] === part + 1) continue;
    seen[ids[at]!] = part + 1;
    distinct[part]! += 1;
  }
  return { objects: distinct, requests };
}

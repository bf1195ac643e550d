import type { Trace } from '../trace.ts';
import { OP } from '../trace.ts';

/** Who may load a page that is missing: everybody, one reader of each process, or one of all. */
export type Defence = 'none' | 'single-flight' | 'lock';

/** What happens each time the copy ends that is read most. */
export interface Stampede {
  /** Reads a second of the object that is read most, on average over the trace: λ. */
  readonly hottestPerSecond: number;
  /** 1 + λΔ: its first reader loads, and so do all who come while that one loads. */
  readonly loadsPerExpiry: number;
  readonly defence: Defence;
  /** Loads per expiry under it. */
  readonly defended: number;
}

/** With fewer loads per expiry a defence has nothing to do. */
const WORTH_FROM = 1.1;

/**
 * Chooses the stampede defence by what the hottest key costs without one.
 * @param trace - With times. Of a sample of the keys: the hottest may have been left out.
 * @param service.processes - With one process its own memory is enough, with more a lock in Redis is needed.
 */
export function stampedeOf(
  trace: Trace,
  { loadMs, processes }: { loadMs: number; processes: number },
): Stampede {
  const hottestPerSecond = (1000 * mostReads(trace)) / spanMs(trace);
  const loadsPerExpiry = 1 + (hottestPerSecond * loadMs) / 1000;
  if (loadsPerExpiry < WORTH_FROM)
    return { hottestPerSecond, loadsPerExpiry, defence: 'none', defended: loadsPerExpiry };
  const defence = processes === 1 ? 'single-flight' : 'lock';
  return { hottestPerSecond, loadsPerExpiry, defence, defended: 1 };
}

function mostReads({ ids, objects, ops }: Trace): number {
  const reads = new Uint32Array(objects);
  let most = 0;
  for (let at = 0; at < ids.length; at += 1) {
    if (ops !== null && ops[at] !== OP.read) continue;
    const count = reads[ids[at]!]! + 1;
    reads[ids[at]!] = count;
    if (count > most) most = count;
  }
  return most;
}

/**
 * From the first request to the end of the last one's tick.
 * @throws RangeError for a trace without times or requests.
 */
export function spanMs({ ticks, tickMs }: Pick<Trace, 'ticks' | 'tickMs'>): number {
  const last = ticks?.at(-1);
  if (ticks === null || last === undefined)
    throw new RangeError('the trace has no times or no requests: both are needed');
  return (last - ticks[0]! + 1) * tickMs;
}

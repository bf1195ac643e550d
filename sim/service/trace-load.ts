import type { Trace } from '../trace.ts';
import type { ServiceSetting } from './setting.ts';

/**
 * The readers that a trace describes: one a request, at its time. A tick holds all requests of its time, which did not come at
 * once: they are spread evenly over it. Writes count as reads here; a trace with writes is to be filtered first.
 * @throws RangeError for a trace without times.
 */
export function loadOfTrace({
  ids,
  objects,
  ticks,
  tickMs,
}: Pick<Trace, 'ids' | 'objects' | 'ticks' | 'tickMs'>): Required<
  Pick<ServiceSetting, 'arrivals' | 'popularity'>
> {
  if (ticks === null)
    throw new RangeError('ticks: null; needed: the time of each request, to say when readers come');
  const timesMs = new Float64Array(ids.length);
  for (let from = 0; from < ids.length; ) {
    let to = from + 1;
    while (to < ids.length && ticks[to] === ticks[from]) to += 1;
    for (let at = from; at < to; at += 1)
      timesMs[at] = (ticks[from]! + (at - from) / (to - from)) * tickMs;
    from = to;
  }
  return {
    arrivals: { kind: 'measured', timesMs },
    popularity: { kind: 'measured', ids, keys: objects },
  };
}

// A process of its own that reads small keys on a fixed schedule, whatever Redis does. What the lab does with the big keys
// meanwhile (writing 10 MB, counting a million fields) cannot delay it, and a blocked Redis does not thin its reads out.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { FromDriver, Reads, ToDriver } from './driver-messages.ts';
import { SMALL, smallKey } from './plan.ts';

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

async function readOnSchedule(
  redis: Redis,
  { startUs, ratePerSecond }: Extract<ToDriver, { kind: 'start' }>,
  stop: AbortSignal,
): Promise<Reads> {
  const reads: Reads = { scheduledUs: [], responseUs: [], lagUs: [], wrong: 0 };
  const read = async (at: number, scheduledUs: number): Promise<void> => {
    reads.scheduledUs[at] = scheduledUs;
    reads.lagUs[at] = nowUs() - scheduledUs;
    const value = await redis.get(smallKey(at % SMALL.keys));
    reads.responseUs[at] = nowUs() - scheduledUs;
    if (value?.length !== SMALL.bytes) reads.wrong += 1;
  };
  const pending: Promise<void>[] = [];
  const dueUs = (at: number): number => startUs + (at * 1e6) / ratePerSecond;
  while (!stop.aborted) {
    // All that are due, so that a late timer delays none of them further.
    while (dueUs(pending.length) <= nowUs())
      pending.push(read(pending.length, dueUs(pending.length)));
    await sleep(Math.max(0, (dueUs(pending.length) - nowUs()) / 1000));
  }
  await Promise.all(pending);
  return reads;
}

function tell(message: FromDriver): void {
  process.send?.(message);
}

const url = process.argv[2];
if (url === undefined || process.send === undefined)
  throw new Error('started by the lab, with the URL of a Redis and a channel');
const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
// The lab tells what to do; without it there is nothing to do.
process.on('disconnect', () => process.exit(0));
let stop = new AbortController();
process.on('message', (message: ToDriver) => {
  if (message.kind === 'stop') {
    stop.abort();
    return;
  }
  stop = new AbortController();
  void readOnSchedule(redis, message, stop.signal).then((reads) => tell({ kind: 'reads', reads }));
});
await redis.ping();
tell({ kind: 'ready' });

// A process of its own that reads small keys on a fixed schedule, whatever Redis does. What the lab does with the big keys
// meanwhile (writing 10 MB, counting a million fields) cannot delay it, and a blocked Redis does not thin its reads out.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { FromDriver, Reads, ToDriver } from './driver-messages.ts';
import { SMALL, smallKey } from './plan.ts';

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

let stopped = false;

async function readOnSchedule(
  redis: Redis,
  { startUs, ratePerSecond }: Extract<ToDriver, { kind: 'start' }>,
): Promise<Reads> {
  const reads: Reads = { scheduledUs: [], responseUs: [], lagUs: [], wrong: 0 };
  const pending: Promise<void>[] = [];
  const read = (at: number, scheduledUs: number): void => {
    reads.scheduledUs[at] = scheduledUs;
    reads.lagUs[at] = nowUs() - scheduledUs;
    reads.responseUs[at] = 0;
    const replied = redis.get(smallKey(at % SMALL.keys)).then((value) => {
      reads.responseUs[at] = nowUs() - scheduledUs;
      if (value?.length !== SMALL.bytes) reads.wrong += 1;
    });
    pending.push(replied);
  };
  for (let next = 0; !stopped; ) {
    const dueUs = (): number => startUs + (next * 1e6) / ratePerSecond;
    // All that are due, so that a late timer delays none of them further.
    for (; dueUs() <= nowUs(); next += 1) read(next, dueUs());
    await sleep(Math.max(0, (dueUs() - nowUs()) / 1000));
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
process.on('message', (message: ToDriver) => {
  stopped = message.kind === 'stop';
  if (message.kind === 'start')
    void readOnSchedule(redis, message).then((reads) => tell({ kind: 'reads', reads }));
});
await redis.ping();
tell({ kind: 'ready' });

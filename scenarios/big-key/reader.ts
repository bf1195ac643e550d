import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Hands } from '../../lab/protocol.ts';
import type { FromDriver, Reads, ToDriver } from './driver-messages.ts';
import { SMALL, smallKey } from './plan.ts';

/** The process that reads small keys, as the lab sees it. */
export interface Reader {
  /** Its first read is due 20 ms from now. */
  start(): void;
  /** @returns All reads since the start, once the last has its reply. @throws Error if the process ended. */
  stop(): Promise<Reads>;
}

const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url));
const START_AHEAD_US = 20_000;

/** Writes the small keys, starts the process and waits until it is connected. */
export async function startReader(hands: Hands): Promise<Reader> {
  const value = 'x'.repeat(SMALL.bytes);
  const keys = Array.from({ length: SMALL.keys }, (_, n) => [smallKey(n), value]);
  await hands.redis.mset(...keys.flat());
  const { child, exited } = hands.spawn(
    'small-reads',
    process.execPath,
    ['--import', 'tsx', DRIVER, hands.urls.redis],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const ended = exited.then(({ code, signal }): never => {
    throw new Error(`the process that reads small keys ended: ${signal ?? code}`);
  });
  ended.catch(() => {}); // at the end of the trial it is meant to
  const answer = async (): Promise<FromDriver> => {
    const [message]: FromDriver[] = await Promise.race([once(child, 'message'), ended]);
    if (message === undefined) throw new Error('the process that reads small keys said nothing');
    return message;
  };
  const send = (message: ToDriver): boolean => child.send(message);
  await answer();
  return {
    start() {
      const startUs = hands.nowUs() + START_AHEAD_US;
      send({ kind: 'start', startUs, ratePerSecond: SMALL.readsPerSecond });
    },
    async stop() {
      const reply = answer();
      send({ kind: 'stop' });
      const message = await reply;
      if (message.kind !== 'reads') throw new Error(`it said ${message.kind} where reads were due`);
      return message.reads;
    },
  };
}

import { infoNumber } from './command-stats.ts';
import { type Loop, rankOf, runLoop } from './closed-loop.ts';
import { clientOf } from './ways.ts';

/** A string whose bits take Redis about a millisecond to count, and its client nothing: the reply is one number. */
const HEAVY_BYTES = 8 * 2 ** 20;
const HEAVY_KEY = 'heavy';
/** Connections that send heavy commands at once. */
const HEAVY_CONNECTIONS = 4;
/** One connection and several take turns, so that a busy moment of the machine meets both. */
const TURNS = 4;

/** What heavy commands say of the threads that run them. */
export interface ThreadFigures {
  /** Heavy commands per second with one connection, and with several. */
  onePerSecond: number;
  severalPerSecond: number;
  /** CPU of the Redis process while several connections send them: 1 is one whole core. */
  cores: number;
  /** Median time of a PING, alone and beside the heavy commands of one connection. */
  pingAloneMs: number;
  pingBesideMs: number;
}

/** Whether commands of several connections run beside each other: if they did, several would get more done than one. */
export async function measureThreads(port: number, seconds: number): Promise<ThreadFigures> {
  const clients = Array.from({ length: HEAVY_CONNECTIONS + 1 }, () => clientOf(port));
  const [pinger, ...senders] = clients as [ReturnType<typeof clientOf>, ...typeof clients];
  try {
    await pinger.setrange(HEAVY_KEY, HEAVY_BYTES - 1, 'x');
    const heavyOn = (connections: number) => async (caller: number) => {
      await senders[caller % connections]!.bitcount(HEAVY_KEY);
      return 1;
    };
    const ping = async (): Promise<number> => {
      await pinger.ping();
      return 1;
    };
    const phase = { warmSeconds: seconds / 8, seconds };
    const turn = { warmSeconds: seconds / 8 / TURNS, seconds: seconds / TURNS };
    const ones: Loop[] = [];
    const severals: Loop[] = [];
    let used = 0;
    let wallMs = 0;
    for (let index = 0; index < TURNS; index += 1) {
      // Two at a time on one connection: the next one waits there already, so that Redis never waits for the client.
      ones.push(await runLoop({ ...turn, callers: 2 }, heavyOn(1)));
      const before = await cpuSeconds(pinger);
      const startMs = performance.now();
      const design = { ...turn, callers: HEAVY_CONNECTIONS };
      severals.push(await runLoop(design, heavyOn(HEAVY_CONNECTIONS)));
      wallMs += performance.now() - startMs;
      used += (await cpuSeconds(pinger)) - before;
    }
    const alone = await runLoop({ ...phase, callers: 1 }, ping);
    const [beside] = await Promise.all([
      runLoop({ ...phase, callers: 1 }, ping),
      runLoop({ ...phase, callers: 1 }, heavyOn(1)),
    ]);
    return {
      onePerSecond: perSecond(ones),
      severalPerSecond: perSecond(severals),
      cores: (used * 1000) / wallMs,
      pingAloneMs: rankOf(alone.latenciesMs, 0.5) ?? Number.NaN,
      pingBesideMs: rankOf(beside.latenciesMs, 0.5) ?? Number.NaN,
    };
  } finally {
    for (const client of clients) client.disconnect();
  }
}

function perSecond(loops: readonly Loop[]): number {
  const sum = (of: (loop: Loop) => number): number =>
    loops.reduce((total, loop) => total + of(loop), 0);
  return sum(({ values }) => values) / sum(({ seconds }) => seconds);
}

async function cpuSeconds(redis: ReturnType<typeof clientOf>): Promise<number> {
  return (
    (await infoNumber(redis, 'cpu', 'used_cpu_user')) +
    (await infoNumber(redis, 'cpu', 'used_cpu_sys'))
  );
}

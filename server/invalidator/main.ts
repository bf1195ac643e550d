import { pino } from 'pino';
import { listenOrExit, readOrExit } from '../start.ts';
import { Bell } from './bell.ts';
import { openCopies } from './copies.ts';
import { readInvalidatorEnvironment } from './environment.ts';
import { eventDriven } from './event-driven.ts';
import { Figures } from './figures.ts';
import { outbox } from './outbox.ts';
import { keepSession } from './session.ts';
import { createStatusServer } from './status-server.ts';

/**
 * Starts the invalidator: deletes copies in Redis after changes in Postgres, in one of two forms. Prints one line
 * `{"listening": PORT}` on stdout once it serves its figures; logs go to stderr. Neither service needs to be there.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when it cannot listen, 2 for a wrong environment.
 */
function main(): void {
  const environment = readOrExit(() => readInvalidatorEnvironment(process.env));
  const { heartbeatMs, timeoutMs, keyPrefix } = environment;
  const log = pino(
    { level: environment.logLevel, base: { name: 'cachelab-invalidator', pid: process.pid } },
    pino.destination(2),
  );
  const warn = changesOnly((message) => log.warn(message));
  const figures = new Figures();
  const bell = new Bell();
  const stop = new AbortController();
  const copies = openCopies({
    url: environment.redisUrl,
    keyPrefix,
    timeoutMs,
    what: environment.form === 'outbox' ? 'value and lease' : 'value',
    onUp: (up) => {
      figures.gauges.redisUp = up ? 1 : 0;
      bell.ring();
    },
    onError: (message) => warn(`redis: ${message}`),
  });
  const parts = { copies, figures, now: Date.now, onError: warn };
  const work =
    environment.form === 'outbox' ? outbox({ ...parts, ...environment, bell }) : eventDriven(parts);
  const session = keepSession(
    {
      url: environment.postgresUrl,
      heartbeatMs,
      timeoutMs,
      stop: stop.signal,
      onUp: () => {
        figures.gauges.postgresUp = 1;
        figures.counters.postgresConnections += 1;
        warn('postgres: connected');
      },
      onLost: (message) => {
        figures.gauges.postgresUp = 0;
        figures.gauges.caughtUp = 0;
        warn(`postgres: ${message}`);
      },
    },
    work,
  );

  const server = createStatusServer(figures);
  listenOrExit(server, environment, (port) =>
    log.info({ port, form: environment.form }, 'listening'),
  );

  const shutDown = (): void => {
    // The batch under way may end and progress is kept; a Redis that hangs may hold it up for a few timeouts.
    setTimeout(() => process.exit(0), 3 * timeoutMs).unref();
    stop.abort();
    void session.then(() => {
      copies.close();
      process.exit(0);
    });
  };
  process.once('SIGTERM', shutDown);
  process.once('SIGINT', shutDown);
}

/** A service that is away says the same every few ms: once is enough. */
function changesOnly(say: (message: string) => void): (message: string) => void {
  let last = '';
  return (message) => {
    if (message !== last) say(message);
    last = message;
  };
}

main();

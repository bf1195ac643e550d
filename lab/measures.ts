import type { Measure } from './experiment.ts';
import type { Measurement } from './result.ts';
import { mergeHistograms } from './stats/histogram.ts';
import { quantileMs } from './stats/quantile.ts';

/** The response-time histogram of all measured pages; null without one. */
function pageResponses(measurement: Measurement): string | null {
  const found = measurement.histograms.find(
    (one) =>
      one.metric === 'response' &&
      one.request === 'page' &&
      one.outcome === 'all' &&
      one.second === undefined,
  );
  return found?.hdr ?? null;
}

/** Arrivals that were dropped or never answered: longer than everything measured. */
export function censoredArrivals({ counts }: Measurement): number {
  return counts.dropped + counts.started - counts.completed;
}

/**
 * A quantile of the response time, from the scheduled start to the last byte. Null where fewer than 10
 * samples lie beyond it, or where dropped arrivals reach down to it.
 */
export function responseMs(name: string, q: number, title: string): Measure {
  return {
    name,
    title,
    unit: 'ms',
    better: 'lower',
    read(measurement) {
      const hdr = pageResponses(measurement);
      if (hdr === null) return null;
      return quantileMs(mergeHistograms([hdr]), q, censoredArrivals(measurement)).ms;
    },
  };
}

/** CPU per page of one process group. */
export function cpuMicros(group: 'server' | 'postgres' | 'redis', title: string): Measure {
  return {
    name: `${group}CpuMicros`,
    title: `CPU per page, ${title}`,
    unit: 'µs',
    better: 'lower',
    read: (measurement) => measurement.cpu.microsPerRequest?.[group] ?? null,
  };
}

/** CPU of server, Postgres and Redis together per page: the most repeatable cost figure there is. */
export const cpuMicrosPerPage: Measure = {
  name: 'cpuMicrosPerPage',
  title: 'CPU per page (server, Postgres, Redis)',
  unit: 'µs',
  better: 'lower',
  read(measurement) {
    const micros = measurement.cpu.microsPerRequest;
    if (micros === null) return null;
    return micros.server + (micros.postgres ?? 0) + (micros.redis ?? 0);
  },
};

/** Share of one core that the server used. */
export const serverCores: Measure = {
  name: 'serverCores',
  title: 'CPU of the server',
  unit: 'cores',
  better: 'lower',
  read: (measurement) => measurement.cpu.cores?.server ?? null,
};

/** Longest queue for a database connection. */
export const poolMaxWaiting: Measure = {
  name: 'poolMaxWaiting',
  title: 'Longest queue for a connection',
  unit: 'requests',
  better: 'lower',
  read: (measurement) => measurement.server.poolMaxWaiting,
};

/** Highest rate that met the objective in a search. */
export const highestPass: Measure = {
  name: 'highestPassPerSecond',
  title: 'Highest rate with p95 within the limit',
  unit: 'requests/s',
  better: 'higher',
  read: (measurement) => measurement.search?.highestPassPerSecond ?? null,
};

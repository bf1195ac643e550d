import type { Redis } from 'ioredis';

/** What Redis itself says of one command since its figures were reset. */
export interface CommandStats {
  calls: number;
  /** Time in the command alone: neither reading the request nor sending the reply. */
  micros: number;
}

/** INFO commandstats by command, names in lower case. */
export function parseCommandStats(info: string): Map<string, CommandStats> {
  const lines = info.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm);
  return new Map(
    [...lines].map(([, name, calls, usec]) => [
      name!.toLowerCase(),
      { calls: Number(calls), micros: Number(usec) },
    ]),
  );
}

export async function commandStats(redis: Redis): Promise<Map<string, CommandStats>> {
  return parseCommandStats(await redis.info('commandstats'));
}

/** A number of INFO. @returns NaN where the server does not tell it. */
export async function infoNumber(redis: Redis, section: string, name: string): Promise<number> {
  const line = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(await redis.info(section));
  return Number(line?.[1] ?? Number.NaN);
}

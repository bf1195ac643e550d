import type { Redis } from 'ioredis';

const MIB = 2 ** 20;

/** What a Redis says of its memory, at one moment. */
export interface MemoryFigures {
  usedMiB: number;
  /** What the operating system has given it. */
  rssMiB: number;
  /** `mem_fragmentation_ratio`: the one over the other. */
  ratio: number;
  /** The part of it that a defragmenter can heal: pages that hold fewer values than would fit. */
  allocatorRatio: number;
  allocator: string;
  isLoading: boolean;
}

/** @throws When Redis does not answer. */
export async function readMemory(redis: Redis): Promise<MemoryFigures> {
  const lines = new Map(
    (await redis.info()).split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const number = (name: string): number => Number(lines.get(name));
  return {
    usedMiB: number('used_memory') / MIB,
    rssMiB: number('used_memory_rss') / MIB,
    ratio: number('mem_fragmentation_ratio'),
    allocatorRatio: number('allocator_frag_ratio'),
    allocator: lines.get('mem_allocator') ?? 'unknown',
    isLoading: lines.get('loading') === '1',
  };
}

/** CPU of the server since its start, in seconds, by its own account. */
export async function cpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
  return read('used_cpu_user') + read('used_cpu_sys');
}

import { open, rename, rm } from 'node:fs/promises';
import { oracleGeneralRecords } from '../../sim/formats/oracle-general.ts';
import type { Trace } from '../../sim/trace.ts';

/**
 * Writes a file under a temporary name beside it, and gives it its name when it is whole: nothing half-written is ever found.
 * @param parts - Written one after the other; each may reuse the memory of the one before.
 */
export async function writeWhole(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for await (const part of parts) {
        for (let at = 0; at < part.length; ) {
          const { bytesWritten } = await file.write(part, at, part.length - at);
          at += bytesWritten;
        }
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a trace as oracleGeneral, which other simulators read too. Objects become their dense ids, writes become requests. */
export async function writeOracleGeneral(path: string, trace: Trace): Promise<void> {
  await writeWhole(path, oracleGeneralRecords(trace));
}

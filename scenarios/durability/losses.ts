import { join } from 'node:path';
import { type Durability, judgeDurability, type Write } from '../../lab/oracle/durability.ts';
import {
  answerTimes,
  namesSettled,
  parseTrace,
  type TraceEvent,
} from '../../lab/oracle/durability-trace.ts';
import type { Hands } from '../../lab/protocol.ts';
import { copySyncedPrefix, readAll, readTrace, startNode, type Tracing } from './node.ts';
import { argumentsOf, type Depth, type Mode, WRITES_PER_SECOND, writeSecondsOf } from './plan.ts';
import { startOpenLoad, type Written } from './writer.ts';

/** A log has to have been synced once before a cut can tell anything; in a short stretch its second half has to do. */
const CUTS_AFTER_MS = 1200;

/** One stretch of writes that a kill ended, and what was left of them. */
export interface Killed {
  written: Written;
  /** Writes that were due before the kill. */
  scheduled: number;
  durability: Durability;
}

/** The same under strace, with the cuts that were placed into it. */
export interface Traced extends Killed {
  cuts: Durability[];
  /** Syncs that were completed. */
  syncs: number;
}

/** Writes on a schedule, kills the server, starts it again and reads back. */
export async function killOnce(
  hands: Hands,
  mode: Mode,
  depth: Depth,
  phase: number,
): Promise<Killed> {
  const folder = hands.folder(`kill-${mode}`);
  const seconds = writeSecondsOf(mode, depth, phase);
  const { written, killedMs } = await writeAndKill(hands, { mode, depth, folder, seconds });
  const found = await startAndRead(hands, mode, depth, folder);
  const scheduled = seconds * WRITES_PER_SECOND;
  return { written, scheduled, durability: judgeDurability(written.writes, found, killedMs) };
}

async function writeAndKill(
  hands: Hands,
  run: { mode: Mode; depth: Depth; folder: string; seconds: number; tracing?: Tracing },
): Promise<{ written: Written; killedMs: number }> {
  const { mode, depth, folder, seconds, tracing } = run;
  const node = await startNode(hands, {
    folder,
    args: argumentsOf(mode, depth),
    ...(tracing === undefined ? {} : { tracing }),
  });
  const load = await startOpenLoad(node.port, seconds, hands.random);
  if (mode === 'mixed') {
    await hands.sleep((seconds * 1000) / 3);
    await node.client.bgrewriteaof();
  }
  await load.reached;
  const killedMs = await node.kill();
  hands.event('fault', tracing === undefined ? 'kill -9' : 'kill -9 under strace');
  return { written: load.stop(), killedMs };
}

async function startAndRead(
  hands: Hands,
  mode: Mode,
  depth: Depth,
  folder: string,
): Promise<Map<string, string>> {
  const node = await startNode(hands, { folder, args: argumentsOf(mode, depth) });
  try {
    return await readAll(node.client);
  } finally {
    await node.kill();
  }
}

/**
 * Writes under strace, kills, and asks of moments in between what a power cut would have left: of each file what had been
 * synced. The server is started on such a copy and read back.
 * @param slow - What is to be injected, and how long to write and to wait before the first cut.
 */
export async function traceOnce(
  hands: Hands,
  mode: Mode,
  depth: Depth,
  slow?: { inject: string; seconds: number; cutsAfterMs: number },
): Promise<Traced> {
  const folder = hands.folder(`cut-${mode}`);
  const file = join(hands.folder('trace'), 'strace.txt');
  const usual = mode === 'rdb' ? writeSecondsOf(mode, depth, hands.random()) : depth.traceSeconds;
  const seconds = slow?.seconds ?? usual;
  const cutsAfterMs = slow?.cutsAfterMs ?? Math.min(CUTS_AFTER_MS, seconds * 500);
  const { written, killedMs } = await writeAndKill(hands, {
    ...{ mode, depth, folder, seconds },
    tracing: { file, ...(slow === undefined ? {} : { inject: slow.inject }) },
  });
  const events = parseTrace(readTrace(file), folder);
  // Before the server is started again: it writes into the folder.
  const copies = cutPositions(hands, mode, depth, events, cutsAfterMs).map(({ position, atMs }) => {
    const copy = join(hands.folder(`copy-${mode}`), 'data');
    copySyncedPrefix(folder, copy, events.slice(0, position));
    return { copy, atMs, writes: acknowledgedAt(written, events.slice(0, position)) };
  });
  const found = await startAndRead(hands, mode, depth, folder);
  const cuts: Durability[] = [];
  for (const { copy, atMs, writes } of copies) {
    cuts.push(judgeDurability(writes, await startAndRead(hands, mode, depth, copy), atMs));
  }
  return {
    written,
    scheduled: seconds * WRITES_PER_SECOND,
    durability: judgeDurability(written.writes, found, killedMs),
    cuts,
    syncs: events.filter(({ kind }) => kind === 'synced').length,
  };
}

/** Moments spread evenly, each placed by chance in its stretch. Where snapshots replace each other, the end alone. */
function cutPositions(
  hands: Hands,
  mode: Mode,
  depth: Depth,
  events: readonly TraceEvent[],
  afterMs: number,
): { position: number; atMs: number }[] {
  const last = events.at(-1)?.atMs ?? 0;
  if (mode === 'rdb') return [{ position: events.length, atMs: last }];
  const begun = events.find(({ kind }) => kind === 'answered')?.atMs ?? 0;
  const settled = events[namesSettled(events)]?.atMs ?? last;
  const first = Math.max(settled, begun + afterMs);
  return Array.from({ length: depth.cuts }, (_, index) => {
    const atMs = first + ((last - first) * (index + hands.random())) / depth.cuts;
    return { position: events.filter((event) => event.atMs <= atMs).length, atMs };
  });
}

/** The writes as they stood at the end of these events: acknowledged is what the server had answered. */
function acknowledgedAt(written: Written, events: readonly TraceEvent[]): Write[] {
  const times = answerTimes(events, written.answerBytes);
  return written.writes.map((write, index) => ({ ...write, ackMs: times[index] ?? null }));
}

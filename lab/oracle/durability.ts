/** A write as its client saw it. Values are unique, so that what is read back tells which write it came from. */
export interface Write {
  key: string;
  /** Null: a DEL. */
  value: string | null;
  /** When its answer came, in ms of any one clock; null: it was sent and never acknowledged. */
  ackMs: number | null;
}

/** What became of acknowledged writes, by reading back. */
export interface Durability {
  acknowledged: number;
  /**
   * Acknowledged writes whose effect is gone: those of each key that are newer than what was read. Conservative: a key that is
   * absent counts from its last DEL, whether that DEL or an older one is what is left.
   */
  lost: number;
  /** Keys that are absent and whose last acknowledged write was a SET. */
  missing: number;
  /** Keys that show an older value than their last acknowledged SET. */
  old: number;
  /** Keys that are back although their DEL was acknowledged. */
  resurrected: number;
  /** Keys with a value that was never written under them. */
  foreign: number;
  /** Lost writes that are older than one which was kept: 0 where what is left is a prefix of what was written. */
  holes: number;
  /** From the acknowledgement of the oldest lost write to the end; 0 where none is lost. */
  windowMs: number;
}

/**
 * Compares what a client was promised with what is there.
 * @param writes - Of one client, in the order in which they were sent. Those without an acknowledgement may have had their effect, or not.
 * @param readBack - Every key that is there now, with its value.
 * @param endMs - When the server was ended, on the clock of the acknowledgements.
 */
export function judgeDurability(
  writes: readonly Write[],
  readBack: ReadonlyMap<string, string>,
  endMs: number,
): Durability {
  const counts = { missing: 0, old: 0, resurrected: 0, foreign: 0 };
  const lost: number[] = [];
  let newestKept = -1;
  const byKey = positionsByKey(writes);
  for (const [key, positions] of byKey) {
    const found = readBack.get(key) ?? null;
    const survivor = positions.findLast((at) => writes[at]!.value === found) ?? -1;
    if (found !== null && survivor === -1) counts.foreign += 1;
    if (found !== null && survivor > newestKept) newestKept = survivor;
    const gone = positions.filter((at) => at > survivor && writes[at]!.ackMs !== null);
    const last = gone.at(-1);
    if (last === undefined) continue;
    lost.push(...gone);
    if (writes[last]!.value === null) counts.resurrected += 1;
    else if (found === null) counts.missing += 1;
    else counts.old += 1;
  }
  for (const key of readBack.keys()) if (!byKey.has(key)) counts.foreign += 1;
  const acks = lost.map((at) => writes[at]!.ackMs ?? endMs);
  return {
    acknowledged: writes.filter(({ ackMs }) => ackMs !== null).length,
    lost: lost.length,
    ...counts,
    holes: lost.filter((at) => at < newestKept).length,
    windowMs: acks.reduce((longest, ackMs) => Math.max(longest, endMs - ackMs), 0),
  };
}

function positionsByKey(writes: readonly Write[]): Map<string, number[]> {
  const byKey = new Map<string, number[]>();
  for (const [at, { key }] of writes.entries()) {
    const own = byKey.get(key);
    if (own === undefined) byKey.set(key, [at]);
    else own.push(at);
  }
  return byKey;
}

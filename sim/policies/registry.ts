import { arc } from './arc.ts';
import { clock } from './clock.ts';
import { fifo } from './fifo.ts';
import { gdsf } from './gdsf.ts';
import { infinite } from './infinite.ts';
import { lfu } from './lfu.ts';
import { lru } from './lru.ts';
import type { Policy } from './policy.ts';
import { s3Fifo } from './s3-fifo.ts';
import { sieve } from './sieve.ts';
import { slru } from './slru.ts';
import { twoQ } from './two-q.ts';
import { wTinyLfu } from './w-tiny-lfu.ts';

export { belady as BELADY } from './belady.ts';

/** Every eviction policy of the simulator, in the order in which charts list them. A new one is a file and a line here. */
export const POLICIES: readonly Policy[] = [
  infinite,
  fifo,
  clock,
  lru,
  lfu,
  slru,
  twoQ,
  arc,
  sieve,
  s3Fifo,
  wTinyLfu,
  gdsf,
];

/** @returns The policy of this name, or `undefined`. */
export function policyNamed(name: string): Policy | undefined {
  return POLICIES.find((policy) => policy.name === name);
}

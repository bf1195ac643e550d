import { lru } from './lru.ts';
import type { Policy } from './policy.ts';

/** Every eviction policy of the simulator, in the order in which charts list them. A new one is a file and a line here. */
export const POLICIES: readonly Policy[] = [lru];

/** @returns The policy of this name, or `undefined`. */
export function policyNamed(name: string): Policy | undefined {
  return POLICIES.find((policy) => policy.name === name);
}

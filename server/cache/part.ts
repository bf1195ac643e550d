import type { z } from 'zod';
import type { Slots } from './cache-aside.ts';
import type { PolicySettings } from './registry.ts';
import type { Services, Strategy } from './strategy.ts';

/** One policy of the pipeline: its setting, and how it takes its place. One file each, and one line in `registry.ts`. */
export interface Part<Value> {
  /** What the setting means, with its unit. */
  about: string;
  schema: z.ZodType<Value>;
  /** Value of the setting when a preset does not mention it. */
  fallback: Value;
  /** A sentence for each other setting with which this one makes no sense. */
  conflicts?(settings: PolicySettings): string[];
  /** Changes what cache-aside does at one of its slots. */
  tune?(slots: Slots, settings: PolicySettings, services: Services): void;
  /** Puts itself around the strategy so far, or returns it as it is. */
  wrap?(inner: Strategy, settings: PolicySettings, services: Services): Strategy;
}

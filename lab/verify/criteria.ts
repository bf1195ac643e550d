import { criterion as aa } from './aa.ts';
import type { Criterion } from './criterion.ts';

/** Every criterion of `npm run verify`, by name. */
export const CRITERIA: Readonly<Record<string, Criterion>> = { aa };

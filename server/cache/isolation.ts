import { z } from 'zod';
import type { Part } from './part.ts';

/** Read by the loader, not by the pipeline: a policy in force names everything that a page depends on. */
export const isolation: Part<'repeatable-read' | 'read-committed'> = {
  about:
    'what the 114 statements of a page see: one moment, or each its own ("read-committed": torn pages)',
  schema: z.enum(['repeatable-read', 'read-committed']),
  fallback: 'repeatable-read',
  conflicts: ({ isolation: value, query }) =>
    value === 'read-committed' && query !== 'naive'
      ? [
          `isolation "read-committed" needs query "naive": one statement sees one moment in any case`,
        ]
      : [],
};

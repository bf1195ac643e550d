import { z } from 'zod';
import type { Part } from './part.ts';

export const body: Part<'gzip' | 'identity'> = {
  about: 'how bodies are stored and sent: gzip, or as they are (five times the bytes)',
  schema: z.enum(['gzip', 'identity']),
  fallback: 'gzip',
  conflicts: ({ body: value, store }) =>
    value === 'identity' && store !== 'redis'
      ? [`body "identity" needs store "redis", not "${store}"`]
      : [],
  tune(slots, settings) {
    slots.encoding = settings.body;
  },
};

import { z } from 'zod';
import type { Part } from './part.ts';
import type { Services, Strategy } from './strategy.ts';

export const invalidate: Part<'none' | 'delete'> = {
  about: 'what a price change does to the copy: nothing, or DEL after COMMIT',
  schema: z.enum(['none', 'delete']),
  fallback: 'none',
  conflicts: ({ invalidate: value, store }) =>
    value === 'delete' && store !== 'redis'
      ? [`invalidate "delete" needs store "redis", not "${store}": there is no copy to delete`]
      : [],
  wrap: (inner, settings, services) =>
    settings.invalidate === 'delete' ? invalidateOnWrite(inner, services) : inner,
};

/**
 * DEL once the change is committed. Not before: a reader between DEL and COMMIT would load the old rows and keep them
 * for a whole TTL. When Redis gives no answer the old copy stays until it expires, and the writer is told so.
 */
function invalidateOnWrite(inner: Strategy, services: Pick<Services, 'store'>): Strategy {
  return {
    ...inner,
    name: `invalidate-on-write(${inner.name})`,
    afterWrite: (key) =>
      services.store.delete(key).then(
        () => true,
        () => false,
      ),
  };
}

// A worker does not take over the loader of its parent: it asks for TypeScript by itself.
import { register } from 'tsx/esm/api';

register();
await import('./sweep-worker.ts');

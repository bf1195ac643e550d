import { fileURLToPath } from 'node:url';

/** Folder of the checkout. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

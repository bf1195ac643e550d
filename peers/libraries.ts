import type { OpenPeer, Peer, PeerOptions } from './peer.ts';

/** Each in a module of its own, so that a process loads one library alone. */
const LIBRARIES: Readonly<Record<string, () => Promise<{ open: OpenPeer }>>> = {
  bentocache: () => import('./libraries/bentocache.ts'),
  'async-cache-dedupe': () => import('./libraries/async-cache-dedupe.ts'),
  cacheable: () => import('./libraries/cacheable.ts'),
  'cache-manager': () => import('./libraries/cache-manager.ts'),
  cachified: () => import('./libraries/cachified.ts'),
};

/** @throws Error for an unknown name, with those that exist. */
export async function openLibrary(name: string, options: PeerOptions): Promise<Peer> {
  const library = LIBRARIES[name];
  if (library === undefined)
    throw new Error(`library "${name}" is unknown; known: ${Object.keys(LIBRARIES).join(', ')}`);
  return (await library()).open(options);
}

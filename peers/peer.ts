import type { Catalog } from '../server/catalog/page.ts';

/** A cache library behind the page, set up as its README shows, with Redis as its store. */
export interface Peer {
  /** The page as an object: what such a library hands out. Null: there is no such store. */
  read(slug: string): Promise<Catalog | null>;
  /** Deletes the copy, as the library offers it. */
  forget(slug: string): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface PeerOptions {
  redisUrl: string;
  /** Every key in Redis must begin with it, so that the lab can clear them. */
  prefix: string;
  ttlMs: number;
  /** Builds the page from the database. Given once and not with each read, because not every library takes it there. */
  load: (slug: string) => Promise<Catalog | null>;
}

export type OpenPeer = (options: PeerOptions) => Promise<Peer> | Peer;

/* oxlint-disable typescript/no-unnecessary-type-assertion -- isolatedDeclarations wants each part's type spelled out */
import { query, store, ttlMs } from './base.ts';
import { invalidate } from './invalidate-on-write.ts';
import type { Part } from './part.ts';

/**
 * Every part of the pipeline, in the order of a request: the first is the outermost. A new policy is its file and
 * one line here.
 */
export const PARTS = {
  invalidate: invalidate as typeof invalidate,
  store: store as typeof store,
  ttlMs: ttlMs as typeof ttlMs,
  query: query as typeof query,
};

type ValueOf<P> = P extends Part<infer Value> ? Value : never;

/** A policy in full: one value per part. */
export type PolicySettings = { [Name in keyof typeof PARTS]: ValueOf<(typeof PARTS)[Name]> };

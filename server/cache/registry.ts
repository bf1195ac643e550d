/* oxlint-disable typescript/no-unnecessary-type-assertion -- isolatedDeclarations wants each part's type spelled out */
import { query, store, ttlMs } from './base.ts';
import { body } from './body.ts';
import { invalidate } from './invalidate-on-write.ts';
import { isolation } from './isolation.ts';
import { negativeTtlMs } from './negative.ts';
import type { Part } from './part.ts';

/**
 * Every part of the pipeline, in the order of a request: the first is the outermost. A new policy is its file and
 * one line here.
 */
export const PARTS = {
  invalidate: invalidate as typeof invalidate,
  store: store as typeof store,
  ttlMs: ttlMs as typeof ttlMs,
  negativeTtlMs: negativeTtlMs as typeof negativeTtlMs,
  body: body as typeof body,
  query: query as typeof query,
  isolation: isolation as typeof isolation,
};

type ValueOf<P> = P extends Part<infer Value> ? Value : never;

/** A policy in full: one value per part. */
export type PolicySettings = { [Name in keyof typeof PARTS]: ValueOf<(typeof PARTS)[Name]> };
